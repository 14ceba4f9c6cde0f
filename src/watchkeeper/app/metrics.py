"""What the process says of itself: what runs, since when, and whether its configuration could be read."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from watchkeeper.api.rooms import BuildInfo


class HouseMetrics:
    """The process' own gauges."""

    def __init__(self, registry: CollectorRegistry, build: BuildInfo) -> None:
        info = Gauge("watchkeeper_build_info", "What runs.", ["version", "revision", "python"], registry=registry)
        info.labels(build.version, build.revision, build.python).set(1)
        self._ready = Gauge("watchkeeper_ready", "Whether questions are answered.", registry=registry)
        self._successful = Gauge(
            "watchkeeper_config_last_reload_successful", "Whether the last reload succeeded.", registry=registry
        )
        self._when = Gauge(
            "watchkeeper_config_last_reload_success_timestamp_seconds",
            "When the configuration was last read successfully.",
            registry=registry,
        )

    def ready(self, ready: bool) -> None:
        """Say whether questions are answered."""
        self._ready.set(ready)

    def reloaded(self, successfully: bool, now_ms: int) -> None:
        """Say how a reading of the configuration went."""
        self._successful.set(successfully)
        if successfully:
            self._when.set(now_ms / 1000)
