"""A ClickHouse HTTP interface as if it stood elsewhere: our engine's, behind a gate that can be shut, or speak TLS."""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.app.house import House
from watchkeeper.app.settings import Address, Settings
from watchkeeper.base.clock import SystemClock
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.store import Endpoint

sys.path.append(str(Path(__file__).parents[2] / "unit" / "receive_remote_write"))

from wire import V1, Line, packed, request_v1

_databases = itertools.count()


@dataclass
class Gate:
    """Passes bytes on to the engine; while it is shut, nobody listens on its port."""

    engine: Endpoint
    tls: ssl.SSLContext | None = None
    port: int = 0
    passed: int = 0
    """Connections so far."""
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def url(self, database: str, password: str | None = None, **options: str) -> str:
        """Where the store is told to go."""
        scheme = "clickhouses" if self.tls is not None else "clickhouse"
        query = "&".join(f"{name}={value}" for name, value in options.items())
        password = self.engine.password if password is None else password
        return f"{scheme}://{self.engine.user}:{password}@localhost:{self.port}/{database}?{query}".rstrip("?")

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.passed += 1
        try:
            there = await asyncio.open_connection(self.engine.host, self.engine.port)
            ways = asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))
            with suppress(OSError, asyncio.CancelledError):
                await ways
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
            there[1].transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The engine that plays the server, with a cluster of two shards in its configuration: both are itself."""
    folder = tmp_path_factory.mktemp("clickhouse")
    (folder / "conf.d").mkdir()
    (folder / "conf.d" / "cluster.xml").write_text(_CLUSTER)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    engine = EmbeddedEngine(folder, EngineMetrics(CollectorRegistry()))
    yield asyncio.run_coroutine_threadsafe(engine.start(), loop).result()
    asyncio.run_coroutine_threadsafe(engine.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


_CLUSTER = """\
<clickhouse>
<tcp_port>9000</tcp_port>
<remote_servers><pair>
<shard><internal_replication>true</internal_replication><replica><host>localhost</host><port>9000</port></replica></shard>
<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>9000</port></replica></shard>
</pair></remote_servers>
</clickhouse>
"""


@pytest.fixture
async def make_gate(engine: Endpoint) -> AsyncIterator[Callable[..., Awaitable[Gate]]]:
    """Opens gates to the engine; they are shut at the end."""
    gates: list[Gate] = []

    async def make(tls: ssl.SSLContext | None = None) -> Gate:
        gates.append(Gate(engine, tls))
        await gates[-1].open()
        return gates[-1]

    yield make
    for gate in gates:
        await gate.shut()


@pytest.fixture
async def gate(make_gate: Callable[..., Awaitable[Gate]]) -> Gate:
    return await make_gate()


@pytest.fixture
def database() -> str:
    return f"far{next(_databases)}"


@dataclass
class Running:
    """A house that runs, asked over HTTP."""

    house: House
    url: str
    session: aiohttp.ClientSession

    async def write(self, metric: str, *samples: tuple[int, float]) -> tuple[int, str]:
        """Remote write of one series; the answer's status and text."""
        body = packed(request_v1([Line([("__name__", metric)], list(samples))]))
        async with self.session.post(f"{self.url}/api/v1/write", data=body, headers=V1) as answer:
            return answer.status, await answer.text()

    async def get(self, path: str, **params: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.url}{path}", params=params) as answer:
            text = answer.content_type != "application/json"
            return answer.status, await (answer.text() if text else answer.json())

    async def values(self, query: str, at_ms: int) -> list[str]:
        """The values of an instant query's series."""
        status, answer = await self.get("/api/v1/query", query=query, time=str(at_ms / 1000))
        assert status == 200, answer
        return [series["value"][1] for series in answer["data"]["result"]]


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Running]]]:
    """Starts houses by their `storage:` section (YAML); those still running are stopped at the end."""
    started: list[Running] = []

    async def start(storage: str, **settings: Any) -> Running:
        file = tmp_path / "watchkeeper.yml"
        file.write_text(f"storage:\n{storage}\n")
        address = Address("127.0.0.1", _free_port())
        kept = {"data": tmp_path / "data", "host_collector": False, "enable_admin": True}
        house = House(Settings(configs=(file,), listen=(address,), **(kept | settings)), SystemClock(), {})
        await house.start()
        one = Running(house, f"http://{address}", aiohttp.ClientSession())
        started.append(one)
        return one

    yield start
    for one in started:
        await one.session.close()
        await one.house.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
