"""The store and, unless a URL names a cluster, the engine below it."""

from __future__ import annotations

import logging
from pathlib import Path

from prometheus_client import CollectorRegistry

from watchkeeper.api.home import Feeling
from watchkeeper.app.condition import Condition
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.app.telemetry import Telemetry, embedded_engine, remote_target
from watchkeeper.base.clock import Clock
from watchkeeper.engine import EmbeddedEngine, EngineMetrics, EngineState
from watchkeeper.store import Endpoint, Policy, Store, StoreOptions, Target
from watchkeeper.store.index import Limits

logger = logging.getLogger("watchkeeper.app")


class Storage:
    """Opens the store over its engine, and closes both."""

    def __init__(
        self, data: Path, configuration: Configuration, clock: Clock, registry: CollectorRegistry, condition: Condition
    ) -> None:
        self._clock = clock
        self._condition = condition
        self._configuration = configuration
        self._telemetry = Telemetry.of(data, configuration.sections.storage)
        self.engine: EmbeddedEngine | None = None
        if not self._telemetry.url:
            self.engine = embedded_engine(data, EngineMetrics(registry))
        self._registry = registry
        self.store: Store | None = None

    async def open(self) -> Store:
        """The open store. Raises EngineFailure or StoreFailure with the reason."""
        target = await self._target()
        self._condition.becomes("opening the store")
        options = StoreOptions(policy_of=self._policy, limits_of=self._limits, log=self._telemetry.log())
        store = Store(target, self._clock, self._registry, options)
        await store.open(self._progress)
        self.store = store
        return store

    async def close(self) -> None:
        """Commit what waits; then the engine ends."""
        if self.store is not None:
            await self.store.close()
        if self.engine is not None:
            await self.engine.stop()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Take limits and windows from a new configuration."""

        async def take_up() -> None:
            self._configuration = configuration

        return take_up

    def feel(self) -> list[Feeling]:
        """How the engine feels."""
        if self.engine is None:
            return [Feeling("engine", "a ClickHouse server by URL")]
        good = self.engine.state is EngineState.RUNNING
        text = f"embedded, {self.engine.state.value}" + ("" if good else f": {self.engine.last_error}")
        broken = [
            Feeling("broken data", f"{part.table}: {part.name} ({part.reason})", good=False)
            for part in self.engine.broken_parts
        ]
        return [Feeling("engine", text, good), *broken]

    async def _target(self) -> Target:
        if self.engine is None:
            return remote_target(self._telemetry)
        self._condition.becomes("starting the engine")
        endpoint: Endpoint = await self.engine.start()
        return Target(endpoint)

    def _progress(self, stage: str, done: int, total: int) -> None:
        self._condition.becomes(f"{stage}: {done} of {total}" if total else stage)

    def _policy(self, tenant: str) -> Policy:
        return Policy(window_ms=self._configuration.sections.storage.tsdb.out_of_order_time_window_ms)

    def _limits(self, tenant: str) -> Limits:
        limits = self._configuration.sections.limits.of(tenant)
        return Limits(
            series=limits.series,
            series_per_metric=limits.series_per_metric,
            labels_per_series=limits.labels_per_series,
            label_name_length=limits.label_name_length,
            label_value_length=limits.label_value_length,
        )
