"""What the unit tests share: one real engine, a database on it and a store for each test, and a clock."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.store import Endpoint, Store, StoreOptions, Target

NOW = 1_763_700_000_000
"""A day in November 2025, when these tests take place."""

_databases = itertools.count()


class MovedClock:
    """A clock that tests move by hand, both its faces together; time that is waited for passes, too."""

    def __init__(self) -> None:
        self.ms = NOW
        self.ahead_s = 0.0

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return time.monotonic() + self.ahead_s


@pytest.fixture(scope="session")
def engine_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in a thread of its own: an engine lives no longer than the thread that started it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def endpoint(engine_loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The engine of all tests that do not kill theirs."""
    engine = EmbeddedEngine(tmp_path_factory.mktemp("engine"), EngineMetrics(CollectorRegistry()))
    yield asyncio.run_coroutine_threadsafe(engine.start(), engine_loop).result()
    asyncio.run_coroutine_threadsafe(engine.stop(), engine_loop).result()


@pytest.fixture
def target(endpoint: Endpoint) -> Target:
    """A database of its own for each test."""
    return Target(replace(endpoint, database=f"test{next(_databases)}"))


@pytest.fixture
def control_url(tmp_path: Path) -> str:
    """A control database of its own for each test; a module that must hold on every kind overrides it."""
    return f"sqlite:///{tmp_path / 'control.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def every_control_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A control database of each kind."""
    name = request.param
    return request.getfixturevalue("postgresql_url") if name == "postgresql" else f"sqlite:///{tmp_path / 'control.db'}"


@pytest.fixture
def clock() -> Clock:
    return MovedClock()


@pytest.fixture
def store_options() -> StoreOptions:
    """What the test's store is opened with: folders and modules say otherwise."""
    return StoreOptions()


@pytest.fixture
async def store(target: Target, clock: Clock, store_options: StoreOptions) -> AsyncIterator[Store]:
    store = Store(target, clock, CollectorRegistry(), store_options)
    await store.open()
    yield store
    await store.close()
