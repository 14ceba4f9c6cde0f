"""Backtests over the store: for the API, and for a command beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from watchkeeper.app.configuration import Configuration
from watchkeeper.app.querying import LaneSource
from watchkeeper.app.telemetry import Telemetry, opened
from watchkeeper.base.clock import Clock, SystemClock
from watchkeeper.model.labels import Labels
from watchkeeper.query.promql import Cancellation, Engine
from watchkeeper.rules import GroupDefaults
from watchkeeper.rules.alerting import Surroundings
from watchkeeper.rules.backtest import Backtest, Order, as_json
from watchkeeper.store import Lane, Store, StoreOptions


class Backtesting:
    """Makes one backtest after the other, in a thread of its own and in the people's lane."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        clock: Clock,
        external_url: str,
        configuration: Callable[[], Configuration | None],
    ) -> None:
        """`configuration` gives the one in force, or None where a command has none."""
        self._engine = engine
        self._source = LaneSource(store, Lane.PEOPLE)
        self._clock = clock
        self._external_url = external_url
        self._configuration = configuration
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="backtest")
        self._wanted: set[Cancellation] = set()

    async def run(
        self,
        order: Order,
        tenant: str,
        cancellation: Cancellation,
        progress: Callable[[float], None] = lambda _: None,
    ) -> dict[str, Any]:
        """The answer as JSON can hold it. Raises Failure: what is wrong with the order, or why it came to nothing."""
        defaults, labels = GroupDefaults(), Labels()
        if (configuration := self._configuration()) is not None:
            global_ = configuration.sections.global_
            defaults = GroupDefaults(global_.evaluation_interval_ms, global_.rule_query_offset_ms)
            labels = Labels(global_.external_labels)
        groups, question = order.groups(defaults, tenant), order.question(self._clock.now_ms())
        around = Surroundings(labels, self._external_url)
        backtest = Backtest(self._engine, self._source, around, cancellation, progress)

        def made() -> dict[str, Any]:
            return as_json(backtest.run(groups, question), order.limit)

        self._wanted.add(cancellation)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, made)
        except asyncio.CancelledError:
            cancellation.cancel()
            raise
        finally:
            self._wanted.discard(cancellation)

    def close(self) -> None:
        """Break off what is under way, and take no further orders."""
        for cancellation in self._wanted:
            cancellation.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def backtesting(data: Path, storage_url: str = "") -> AsyncGenerator[Backtesting]:
    """Backtests over a store that no server has open. Raises TelemetryFailure where one has."""
    telemetry = Telemetry(data, storage_url)
    async with opened(telemetry) as target:
        store = Store(target, SystemClock(), CollectorRegistry(), StoreOptions(log=telemetry.log()))
        await store.open()
        engine = Engine(LaneSource(store, Lane.PEOPLE))
        made = Backtesting(engine, store, SystemClock(), "", lambda: None)
        try:
            yield made
        finally:
            made.close()
            engine.close()
            await store.close()
