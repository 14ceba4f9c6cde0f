"""Collectors: what Watchkeeper reads by itself, without an exporter beside it."""
