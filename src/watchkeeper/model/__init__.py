"""Frozen values that the rooms pass on to each other."""
