"""External Alertmanagers: a double on loopback that keeps what it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.base.configuration import decode, read_document
from watchkeeper.discovery import Discovery, DiscoveryMetrics, providers
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.rules import AlertmanagerMetrics, Alertmanagers
from watchkeeper.rules.config import AlertingConfig, AlertmanagerConfig


class Double:
    """Answers `POST …/api/v2/alerts` and remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.paths: list[str] = []
        self.status = 200
        self.free = asyncio.Event()
        self.free.set()
        self.address = ""

    async def take(self, request: web.Request) -> web.Response:
        await self.free.wait()
        self.paths.append(request.path)
        self.batches.append(await request.json())
        return web.Response(status=self.status)

    async def until(self, batches: int) -> None:
        """Wait for so many batches."""
        while len(self.batches) < batches:
            await asyncio.sleep(0.005)


@pytest.fixture
async def double() -> AsyncIterator[Double]:
    made = Double()
    application = web.Application()
    application.router.add_post("/{path:.*}", made.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    made.address = f"127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def told(double: Double) -> AsyncIterator[Callable[..., Any]]:
    """Alertmanagers by configuration, told of the double (once they have found it)."""
    clock, registry = SystemClock(), CollectorRegistry()
    discovery = DiscoveryMetrics(registry)

    def discover(config: AlertmanagerConfig) -> Discovery:
        return Discovery("alertmanagers", providers(config, clock, discovery, {}), discovery, debounce_s=0)

    made = Alertmanagers(clock, AlertmanagerMetrics(registry), discover)
    made.registry = registry  # type: ignore[attr-defined]  # for the test to read the counters

    async def configure(text: str, external: dict[str, str] | None = None) -> Alertmanagers:
        config = decode(AlertingConfig, read_document(text.replace("DOUBLE", double.address), "a.yml"))
        await made.apply(config, Labels(external or {}))
        while config.alertmanagers and not any(made.urls()):
            await asyncio.sleep(0.005)
        return made

    yield configure
    await made.stop()


def alert(n: int = 0, **labels: str) -> Alert:
    names = {"alertname": "A", "n": str(n), **labels}
    return Alert(Labels(names), Labels({"s": "t"}), 1_763_700_000_000, 1_763_700_240_000, "http://x/graph")


SIMPLE = "alertmanagers: [{static_configs: [{targets: ['DOUBLE']}]}]"


async def test_an_alert_arrives_as_the_api_asks_for_it(told: Any, double: Double) -> None:
    sink = await told(SIMPLE, {"cluster": "c", "n": "not this"})
    await sink.send([alert(7)])
    await double.until(1)
    assert double.paths == ["/api/v2/alerts"]
    assert double.batches == [
        [
            {
                "labels": {"alertname": "A", "cluster": "c", "n": "7"},
                "annotations": {"s": "t"},
                "startsAt": "2025-11-21T04:40:00.000Z",
                "endsAt": "2025-11-21T04:44:00.000Z",
                "generatorURL": "http://x/graph",
            }
        ]
    ]


async def test_alerts_are_sent_in_batches(told: Any, double: Double) -> None:
    sink = await told(SIMPLE)
    await sink.send([alert(n) for n in range(150)])
    await double.until(3)
    assert [len(batch) for batch in double.batches] == [64, 64, 22]
    assert [one["labels"]["n"] for batch in double.batches for one in batch] == [str(n) for n in range(150)]


async def test_the_oldest_are_dropped_when_too_many_wait(told: Any, double: Double) -> None:
    sink = await told(SIMPLE)
    double.free.clear()
    await sink.send([alert(0)])
    await asyncio.sleep(0.05)
    await sink.send([alert(n) for n in range(1, 10_101)])
    double.free.set()
    await double.until(158)
    numbers = [int(one["labels"]["n"]) for batch in double.batches for one in batch]
    assert numbers == [0, *range(101, 10_101)]
    assert sink.registry.get_sample_value("watchkeeper_notifications_dropped_total") == 100


async def test_alerts_are_relabelled_for_all_and_for_one(told: Any, double: Double) -> None:
    sink = await told(
        """
alert_relabel_configs:
- {source_labels: [n], regex: "1", action: drop}
- {target_label: all, replacement: "yes"}
alertmanagers:
- path_prefix: /one/
  static_configs: [{targets: ['DOUBLE']}]
  alert_relabel_configs: [{action: labeldrop, regex: n}]
"""
    )
    await sink.send([alert(0), alert(1)])
    await double.until(1)
    assert double.paths == ["/one/api/v2/alerts"]
    assert [one["labels"] for one in double.batches[0]] == [{"alertname": "A", "all": "yes"}]


async def test_what_relabelling_drops_is_shown_and_not_told(told: Any, double: Double) -> None:
    sink = await told(
        """
alertmanagers:
- static_configs: [{targets: ['DOUBLE', '127.0.0.1:1']}]
  relabel_configs: [{source_labels: [__address__], regex: ".*:1", action: drop}]
"""
    )
    assert sink.urls() == ([f"http://{double.address}/api/v2/alerts"], ["http://127.0.0.1:1/api/v2/alerts"])


async def test_a_refusal_is_counted(told: Any, double: Double) -> None:
    sink = await told(SIMPLE)
    double.status = 500
    await sink.send([alert()])
    await double.until(1)
    await sink.stop()
    url = f"http://{double.address}/api/v2/alerts"
    value = sink.registry.get_sample_value
    assert value("watchkeeper_notifications_errors_total", {"alertmanager": url}) == 1
    assert value("watchkeeper_notifications_dropped_total") == 1


async def test_what_waits_is_sent_before_the_end(told: Any, double: Double) -> None:
    sink = await told(SIMPLE)
    await sink.send([alert(n) for n in range(100)])
    await sink.stop()
    assert sum(map(len, double.batches)) == 100


async def test_one_that_stays_in_the_configuration_loses_nothing(told: Any, double: Double) -> None:
    sink = await told(SIMPLE)
    double.free.clear()
    await sink.send([alert()])
    await told(SIMPLE, {"cluster": "new"})
    double.free.set()
    await double.until(1)
    assert len(double.batches) == 1
