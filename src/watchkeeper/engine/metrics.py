"""What the supervisor counts about the engine."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class EngineMetrics:
    """The engine's self-metrics, in the registry that is handed in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.up = Gauge("watchkeeper_engine_up", "Whether the embedded engine answers.", registry=registry)
        self.restarts = Counter(
            "watchkeeper_engine_restarts_total", "How often the embedded engine was started again.", registry=registry
        )
        self.hangs = Counter(
            "watchkeeper_engine_hangs_total",
            "How often the embedded engine was killed because it did not answer.",
            registry=registry,
        )
        self.detached_parts = Gauge(
            "watchkeeper_engine_detached_broken_parts",
            "Parts of tables that the engine set aside as broken; their rows are missing from every answer.",
            registry=registry,
        )
