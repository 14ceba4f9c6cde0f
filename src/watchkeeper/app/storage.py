"""The store, over the engine of the house or over the ClickHouse server that a URL names."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry

from watchkeeper.api.home import Feeling
from watchkeeper.app.condition import Condition
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.engine import Engine
from watchkeeper.app.room import TakeUp
from watchkeeper.app.telemetry import Telemetry, remote_target
from watchkeeper.base.clock import Clock
from watchkeeper.store import Policy, Store, StoreOptions, Target
from watchkeeper.store.index import Limits


class Storage:
    """Opens the store, and closes it."""

    def __init__(
        self,
        data: Path,
        engine: Engine | None,
        configuration: Configuration,
        clock: Clock,
        registry: CollectorRegistry,
        condition: Condition,
    ) -> None:
        """`engine` is what the store lives in where the configuration names no URL."""
        self._engine = engine
        self._clock = clock
        self._condition = condition
        self._configuration = configuration
        self._telemetry = Telemetry.of(data, configuration.sections.storage)
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
        """Commit what waits."""
        if self.store is not None:
            await self.store.close()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Take limits and windows from a new configuration."""

        async def take_up() -> None:
            self._configuration = configuration

        return take_up

    def feel(self) -> list[Feeling]:
        """How what the store lives in feels."""
        return [Feeling("engine", "a ClickHouse server by URL")] if self._engine is None else self._engine.feel()

    async def _target(self) -> Target:
        if self._engine is None:
            return remote_target(self._telemetry)
        self._condition.becomes("starting the engine")
        return Target(await self._engine.endpoint())

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
