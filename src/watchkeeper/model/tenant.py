"""Whose data they are."""

DEFAULT_TENANT = "default"
"""The tenant where nobody asks for more."""
