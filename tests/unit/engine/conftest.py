"""Ways to ask the engine, and to make others."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from prometheus_client import CollectorRegistry

from watchkeeper.engine import EmbeddedEngine, EngineMetrics, EngineOptions
from watchkeeper.engine.supervisor import Patience
from watchkeeper.store.endpoint import Endpoint


class Registry:
    """The metrics of one engine, read by name."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = EngineMetrics(self.registry)

    def __getitem__(self, name: str) -> float | None:
        return self.registry.get_sample_value(f"watchkeeper_engine_{name}")


def connect_to(endpoint: Endpoint, **options: object) -> Client:
    """A client without a session, so that several threads may use it."""
    return clickhouse_connect.get_client(
        host=endpoint.host,
        port=endpoint.port,
        username=endpoint.user,
        password=endpoint.password,
        database=endpoint.database,
        **{"autogenerate_session_id": False, "query_retries": 0, **options},
    )


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; pytest's timeout is what ends a wait in vain."""
    while not condition():
        time.sleep(0.01)


@pytest.fixture
def client(endpoint: Endpoint) -> Iterator[Client]:
    """A client of that engine."""
    client = connect_to(endpoint)
    yield client
    client.close()


@pytest.fixture
def connect() -> Callable[..., Client]:
    """How a test connects to an engine of its own."""
    return connect_to


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """How a test waits for what another process does."""
    return eventually


@pytest.fixture
def registry() -> Registry:
    """Metrics for an engine of the test's own."""
    return Registry()


@pytest.fixture
async def make_engine(tmp_path: Path, registry: Registry) -> AsyncIterator[Callable[..., EmbeddedEngine]]:
    """Makes engines on `tmp_path/data` that look often and give up soon; they are stopped at the end."""
    made: list[EmbeddedEngine] = []

    def make(options: EngineOptions | None = None, patience: Patience | None = None) -> EmbeddedEngine:
        engine = EmbeddedEngine(
            tmp_path / "data",
            registry.metrics,
            options=options,
            patience=patience or Patience(first_backoff_s=0.01),
        )
        made.append(engine)
        return engine

    yield make
    for engine in made:
        await engine.stop()
