"""How the telling of Alertmanagers goes."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class AlertmanagerMetrics:
    """Counters by Alertmanager, and of what waits and is lost."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by = ["alertmanager"]
        self.sent = Counter("watchkeeper_notifications_sent", "Alerts that were sent.", by, registry=registry)
        self.errors = Counter("watchkeeper_notifications_errors", "Alerts whose sending failed.", by, registry=registry)
        self.latency_s = Histogram(
            "watchkeeper_notifications_latency_seconds", "How long a sending takes.", registry=registry
        )
        self.dropped = Counter(
            "watchkeeper_notifications_dropped",
            "Alerts that no Alertmanager got: the queue was full, or all refused.",
            registry=registry,
        )
        self.waiting = Gauge("watchkeeper_notifications_queue_length", "Alerts that wait.", registry=registry)
        self.capacity = Gauge("watchkeeper_notifications_queue_capacity", "How many may wait.", registry=registry)
        self.found = Gauge(
            "watchkeeper_notifications_alertmanagers_discovered", "Alertmanagers that are told.", registry=registry
        )
