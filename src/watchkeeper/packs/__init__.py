"""Ready-made monitoring for systems, as data: one folder for each."""
