"""What answers over HTTP: Prometheus' and Alertmanager's paths, our own API, and pages for people."""
