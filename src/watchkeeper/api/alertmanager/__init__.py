"""Alertmanager's API v2, for amtool, Prometheus and Grafana as they are."""
