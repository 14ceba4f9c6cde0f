"""The wiring: one house of settings and configuration, its rooms opened in order, reloaded and closed."""
