"""What PromQL test scripts run on: an embedded engine and store in a folder that is thrown away."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Coroutine, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.base.failure import Failure
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.model.samples import SampleBatch, Selection, SeriesBlock
from watchkeeper.query.promql import Engine
from watchkeeper.query.promql.script import Answer, Series, answer_of, sample_columns
from watchkeeper.store import FREE, LogOptions, Store, StoreOptions, Target

T = TypeVar("T")


class AppendRefused(Failure):
    """The store did not take a sample of a script's load."""


class _Remembered:
    """The store's answers until something is appended: a script asks for the same samples a dozen times."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._blocks: dict[Selection, SeriesBlock] = {}

    def select(self, selection: Selection) -> SeriesBlock:
        """The samples of a selection."""
        return self.select_many([selection])[0]

    def select_many(self, selections: Sequence[Selection]) -> list[SeriesBlock]:
        """The samples of several selections."""
        missing = [selection for selection in selections if selection not in self._blocks]
        if missing:
            self._blocks.update(zip(missing, self._store.select_many(missing), strict=True))
        return [self._blocks[selection] for selection in selections]

    def forget(self) -> None:
        """Ask the store again."""
        self._blocks.clear()


class EmbeddedBackend:
    """Scripts' tenants on one real store; see `query.promql.script.Backend`."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._source = _Remembered(store)
        self._engine = Engine(self._source)
        self._loop = loop
        self._tenants = (f"script-{number}" for number in itertools.count(1))

    def fresh(self) -> str:
        """A new tenant's name."""
        return next(self._tenants)

    def append(self, tenant: str, series: Sequence[Series], step: int) -> None:
        """Store the series; returns once they are committed."""
        self._source.forget()
        columns = sample_columns(series, step)
        if not columns.timestamps.size:
            return
        refs = self._store.resolve(tenant, [one.labels for one in series])
        batch = SampleBatch(
            tenant, refs[columns.row], columns.timestamps, columns.values, columns.starts, columns.histograms
        )
        outcome = asyncio.run_coroutine_threadsafe(self._store.append(batch), self._loop).result()
        if outcome.refused:
            raise AppendRefused(f"{outcome.refused} samples were refused: {'; '.join(outcome.reasons)}")

    def instant(self, tenant: str, query: str, at: int) -> Answer:
        """The answer of an instant query."""
        return answer_of(self._engine.instant(query, at, tenant=tenant))

    def range(self, tenant: str, query: str, start: int, end: int, step: int) -> Answer:
        """The answer of a range query."""
        return answer_of(self._engine.range(query, start, end, step, tenant=tenant))

    def close(self) -> None:
        """End the query engine's threads."""
        self._engine.close()


@contextmanager
def embedded_backend() -> Generator[EmbeddedBackend]:
    """A backend on an engine of its own, stopped and deleted at the end."""
    with TemporaryDirectory(prefix="watchkeeper-scripts-") as folder, _running_loop() as loop:
        registry = CollectorRegistry()
        engine = EmbeddedEngine(Path(folder) / "engine", EngineMetrics(registry))
        endpoint = _wait(engine.start(), loop)
        try:
            options = StoreOptions(policy_of=lambda _tenant: FREE, log=LogOptions(Path(folder) / "log"))
            store = Store(Target(endpoint), SystemClock(), registry, options)
            _wait(store.open(), loop)
            backend = EmbeddedBackend(store, loop)
            try:
                yield backend
            finally:
                backend.close()
                _wait(store.close(), loop)
        finally:
            _wait(engine.stop(), loop)


def _wait(work: Coroutine[object, object, T], loop: asyncio.AbstractEventLoop) -> T:
    return asyncio.run_coroutine_threadsafe(work, loop).result()


@contextmanager
def _running_loop() -> Generator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own: the engine and the store's commits live on it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="scripts", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
