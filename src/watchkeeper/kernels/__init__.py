"""Numba over arrays: windows, aggregation, wire scanning. No objects, no I/O; each kernel has a slow twin in tests."""
