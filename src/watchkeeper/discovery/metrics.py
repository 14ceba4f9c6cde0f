"""What discovery counts about itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class DiscoveryMetrics:
    """Counters of all jobs' discovery; one instance per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._failures = Counter(
            "watchkeeper_discovery_failures_total",
            "Look-ups of targets that failed, by kind of discovery.",
            ["kind"],
            registry=registry,
        )
        self._updates = Counter(
            "watchkeeper_discovery_updates_total",
            "Changes of targets handed on, by job.",
            ["job"],
            registry=registry,
        )
        self._targets = Gauge(
            "watchkeeper_discovery_targets",
            "Targets found now, before relabelling, by job.",
            ["job"],
            registry=registry,
        )

    def failed(self, kind: str) -> None:
        """Count a look-up that failed."""
        self._failures.labels(kind).inc()

    def updated(self, job: str, targets: int) -> None:
        """Count an update handed on."""
        self._updates.labels(job).inc()
        self._targets.labels(job).set(targets)

    def forget(self, job: str) -> None:
        """Drop the series of a job that is no more."""
        for metric in (self._updates, self._targets):
            if (job,) in metric._metrics:  # pyright: ignore[reportPrivateUsage]  # removing an absent one raises
                metric.remove(job)
