"""What notification says of itself; Alertmanager's names, which its dashboards look for, and some of our own."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REASONS = ("clientError", "contextCanceled", "contextDeadlineExceeded", "other", "serverError")


class NotifyMetrics:
    """Counters by kind of integration."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by = ["integration"]
        self.receivers = Gauge("alertmanager_receivers", "Receivers that are configured.", registry=registry)
        self.integrations = Gauge("alertmanager_integrations", "Integrations of all receivers.", registry=registry)
        self.notifications = Counter(
            "alertmanager_notifications", "Notifications that were attempted.", by, registry=registry
        )
        self.failed = Counter(
            "alertmanager_notifications_failed",
            "Notifications that did not go out, by reason.",
            [*by, "reason"],
            registry=registry,
        )
        self.requests = Counter(
            "alertmanager_notification_requests", "Attempts, those that were repeated included.", by, registry=registry
        )
        self.requests_failed = Counter(
            "alertmanager_notification_requests_failed", "Attempts that failed.", by, registry=registry
        )
        self.latency_s = Histogram(
            "alertmanager_notification_latency_seconds",
            "How long an attempt takes.",
            by,
            registry=registry,
            buckets=(1, 5, 10, 15, 20),
        )
        self.template_failures = Counter(
            "watchkeeper_notification_template_failures",
            "Texts of notifications that a plain text stood in for, because their template is wrong.",
            by,
            registry=registry,
        )
        self.log_failures = Counter(
            "watchkeeper_notification_log_failures",
            "Outcomes of notifications that could not be recorded, so that a restart may repeat them.",
            registry=registry,
        )

        self.circuit_open = Gauge(
            "watchkeeper_notify_circuit_open",
            "Whether an integration is left alone for now, because it has failed too often.",
            ["receiver", "integration"],
            registry=registry,
        )
        self.withheld = Counter(
            "watchkeeper_notifications_withheld",
            "Notifications that wait for the group's next flush, by reason.",
            ["integration", "reason"],
            registry=registry,
        )

    def expect(self, kinds: Iterable[str]) -> None:
        """Show these kinds with 0, before anything happens."""
        for kind in kinds:
            self.notifications.labels(kind)
            self.requests.labels(kind)
            self.requests_failed.labels(kind)
            self.template_failures.labels(kind)
            for reason in REASONS:
                self.failed.labels(kind, reason)
