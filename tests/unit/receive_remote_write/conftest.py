"""A receiver over a real store on a real engine, and one whose batches can be looked at."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.model.samples import AppendOutcome, SampleBatch
from watchkeeper.model.symbols import Symbols
from watchkeeper.receive.remote_write import BodyLimits, RemoteWrite
from watchkeeper.store import Endpoint, Store, StoreOptions, Target
from watchkeeper.store.index import LabelColumns, Limits, SeriesIndex

NOW = 1_763_700_000_000
_databases = itertools.count()


class StoppedClock:
    """A clock that stands still."""

    def now_ms(self) -> int:
        return NOW

    def monotonic_s(self) -> float:
        import time

        return time.monotonic()


class Shelf:
    """A sink over a real series index that keeps the batches as they come."""

    def __init__(self) -> None:
        self.generation = 0
        self.index = SeriesIndex(Symbols(), registry=CollectorRegistry())
        self.batches: list[SampleBatch] = []
        self.asked = 0
        self.error: Exception | None = None

    def resolve_columns(self, tenant: str, columns: LabelColumns) -> NDArray[np.int32]:
        self.asked += len(columns)
        return self.index.resolve_columns(tenant, columns)

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        if self.error is not None:
            raise self.error
        self.batches.append(batch)
        return AppendOutcome(batch.refs.size, len(batch.histograms), len(batch.exemplars))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def receiver(shelf: Shelf) -> RemoteWrite:
    return RemoteWrite(shelf, CollectorRegistry(), BodyLimits(1 << 20, 2 << 20))


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A running engine: its supervisor needs a loop that outlives the single test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    engine = EmbeddedEngine(tmp_path_factory.mktemp("engine"), EngineMetrics(CollectorRegistry()))
    yield asyncio.run_coroutine_threadsafe(engine.start(), loop).result()
    asyncio.run_coroutine_threadsafe(engine.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
async def store(endpoint: Endpoint) -> AsyncIterator[Store]:
    """A store of its own for each test, in which a metric may have four series."""
    options = StoreOptions(limits_of=lambda _tenant: Limits(series_per_metric=4))
    target = Target(replace(endpoint, database=f"remote_write{next(_databases)}"))
    store = Store(target, StoppedClock(), CollectorRegistry(), options)
    await store.open()
    yield store
    await store.close()
