"""What the process says of itself: what runs, since when, and whether its configuration could be read."""

from __future__ import annotations

import hashlib

from prometheus_client import CollectorRegistry, Gauge

from watchkeeper.api.alertmanager.build import build_json
from watchkeeper.api.rooms import BuildInfo

_HASH_BYTES = 6
"""As many as a float64 holds without loss."""


class HouseMetrics:
    """The process' own gauges; those about the configuration bear Alertmanager's names, too, as its alerts ask."""

    def __init__(self, registry: CollectorRegistry, build: BuildInfo) -> None:
        info = Gauge("watchkeeper_build_info", "What runs.", ["version", "revision", "python"], registry=registry)
        info.labels(build.version, build.revision, build.python).set(1)
        names = ("version", "revision", "branch")
        spoken = Gauge("alertmanager_build_info", "Whose API is spoken, and by what.", names, registry=registry)
        spoken.labels(**{name: build_json(build)[name] for name in names}).set(1)
        Gauge("alertmanager_cluster_enabled", "Whether Alertmanagers gossip: never.", registry=registry).set(0)
        self._ready = Gauge("watchkeeper_ready", "Whether questions are answered.", registry=registry)
        self._successful, self._when = [], []
        for room in ("watchkeeper", "alertmanager"):
            name, text = f"{room}_config_last_reload_successful", "Whether the last reload succeeded."
            self._successful.append(Gauge(name, text, registry=registry))
            name = f"{room}_config_last_reload_success_timestamp_seconds"
            self._when.append(Gauge(name, "When the configuration was last read successfully.", registry=registry))
        self._hash = Gauge(
            "alertmanager_config_hash", "Differs where configurations do, secrets aside.", registry=registry
        )

    def ready(self, ready: bool) -> None:
        """Say whether questions are answered."""
        self._ready.set(ready)

    def reloaded(self, successfully: bool, now_ms: int) -> None:
        """Say how a reading of the configuration went."""
        for gauge in self._successful:
            gauge.set(successfully)
        if successfully:
            for gauge in self._when:
                gauge.set(now_ms / 1000)

    def lives_by(self, configuration: str) -> None:
        """Say which configuration is in force, as it is shown."""
        digest = hashlib.sha256(configuration.encode()).digest()
        self._hash.set(int.from_bytes(digest[:_HASH_BYTES], "big"))
