"""Prometheus' HTTP API, at Prometheus' paths: decode, call a room, encode."""
