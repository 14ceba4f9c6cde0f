"""PromQL: text → tree with positions → checked tree → plan → columns."""
