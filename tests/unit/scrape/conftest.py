"""Real HTTP servers to scrape, into a real store."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.discovery import TargetGroup
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Selection
from watchkeeper.receive.scrape import GlobalConfig, ScrapeConfig, ScrapeOptions, ScrapePools
from watchkeeper.store import Store

HOUR_MS = 3_600_000


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@dataclass
class Page:
    """What a server answers; tests change it as they go. `asked` holds the requests that came."""

    body: bytes = b"a 1\n"
    content_type: str = "text/plain; version=0.0.4"
    status: int = 200
    encoding: str = ""
    before: Callable[[], Awaitable[None]] | None = None
    address: str = ""
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if self.before is not None:
            await self.before()
        headers = {"Content-Type": self.content_type} if self.content_type else {}
        if self.encoding:
            headers["Content-Encoding"] = self.encoding
        return web.Response(body=self.body, status=self.status, headers=headers)

    async def has_asked(self, count: int) -> None:
        """Wait for so many requests."""
        while len(self.asked) < count:
            await asyncio.sleep(0.005)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Starts servers on loopback, each with a page to scrape."""
    runners: list[web.AppRunner] = []

    async def start(**page: Any) -> Page:
        one = Page(**page)
        application = web.Application()
        application.router.add_get("/{path:.*}", one.answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        one.address = f"127.0.0.1:{runner.addresses[0][1]}"
        return one

    yield start
    for runner in runners:
        await runner.cleanup()


class Groups:
    """Targets that a test names and changes."""

    def __init__(self, *targets: dict[str, str]) -> None:
        self._targets = targets
        self._changed = asyncio.Event()

    def set(self, *targets: dict[str, str]) -> None:
        self._targets = targets
        self._changed.set()

    async def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        while True:
            yield (TargetGroup("test", tuple(self._targets)),)
            await self._changed.wait()
            self._changed.clear()


@pytest.fixture
def groups() -> type[Groups]:
    return Groups


@pytest.fixture
def job() -> Callable[..., ScrapeConfig]:
    """A resolved job with a short interval."""

    def make(name: str = "job", **keys: Any) -> ScrapeConfig:
        defaults = {"scrape_interval_ms": 50, "scrape_timeout_ms": 50}
        if "scrape_interval_ms" in keys:
            defaults["scrape_timeout_ms"] = keys["scrape_interval_ms"]
        return ScrapeConfig(job_name=name, **(defaults | keys)).resolved(GlobalConfig().resolved())

    return make


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def pools(store: Store, registry: CollectorRegistry) -> AsyncIterator[ScrapePools]:
    pools = ScrapePools(store, SystemClock(), registry, ScrapeOptions(gather_s=0.005))
    yield pools
    await pools.stop()


Samples = list[tuple[int, float]]


@pytest.fixture
def stored(store: Store) -> Callable[..., dict[Labels, Samples]]:
    """What the store has of a metric, by labels without the name."""

    def read(metric: str, tenant: str = "default") -> dict[Labels, Samples]:
        now = SystemClock().now_ms()
        matchers = (Matcher("__name__", MatchOp.EQUAL, metric),)
        block = store.select(Selection(tenant, matchers, now - HOUR_MS, now + HOUR_MS))
        edges: Sequence[int] = block.offsets.tolist()
        return {
            block.frame.labels(i).without("__name__"): list(
                zip(block.timestamps[a:b].tolist(), block.values[a:b].tolist(), strict=True)
            )
            for i, (a, b) in enumerate(itertools.pairwise(edges))
        }

    return read
