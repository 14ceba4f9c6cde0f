"""A clock that jumps: nothing stalls, nothing fires or resolves for it, and samples too far ahead are refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from bad_targets import serve
from watchkeeper_process import free_port

from watchkeeper.app.house import House
from watchkeeper.app.settings import Address, Settings
from wire import V1, Line, packed, request_v1

_HOUR_MS = 3_600_000
_CONFIG = """\
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}
rule_files: [rules.yml]
scrape_configs:
- job_name: good
  metrics_path: /good
  static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""
_RULES = """\
groups:
- name: all
  rules:
  - {record: beat, expr: vector(time())}
  - {alert: Always, expr: vector(1)}
  - {alert: Never, expr: up == 0}
  - {alert: Patient, expr: vector(1), for: 30m}
"""


class JumpingClock:
    """The machine's clock, moved by `ahead_ms`; what never jumps does not jump here either."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def monotonic_s(self) -> float:
        return time.monotonic()


class Lived:
    """A house in this process, asked over HTTP."""

    def __init__(self, house: House, clock: JumpingClock, url: str, session: aiohttp.ClientSession) -> None:
        self.house, self.clock, self.url, self.session = house, clock, url, session

    async def value(self, query: str) -> float | None:
        async with self.session.get(f"{self.url}/api/v1/query", params={"query": query}) as answer:
            body = await answer.json()
        found = body["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    async def alerts(self) -> dict[str, str]:
        async with self.session.get(f"{self.url}/api/v1/alerts") as answer:
            body = await answer.json()
        return {alert["labels"]["alertname"]: alert["state"] for alert in body["data"]["alerts"]}

    async def goes_on(self) -> None:
        """Scrapes and rules have results at the clock as it is now, soon."""
        at_s = self.clock.now_ms() / 1000
        async with asyncio.timeout(20):
            for query in ("max(timestamp(good))", "max(timestamp(beat))"):
                while (await self.value(query) or 0.0) < at_s:
                    await asyncio.sleep(0.05)

    async def write(self, at_ms: int) -> tuple[int, str]:
        body = packed(request_v1([Line([("__name__", "pushed")], [(at_ms, 1.0)])]))
        async with self.session.post(f"{self.url}/api/v1/write", data=body, headers=V1) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def lived(tmp_path: Path) -> AsyncIterator[Lived]:
    target = serve()
    (tmp_path / "rules.yml").write_text(_RULES)
    config = tmp_path / "prometheus.yml"
    config.write_text(_CONFIG.format(port=target.server_port))
    port = free_port()
    more: dict[str, Any] = {"host_collector": False}
    settings = Settings(configs=(config,), data=tmp_path / "data", listen=(Address("127.0.0.1", port),), **more)
    clock = JumpingClock()
    house = House(settings, clock, {})
    await house.start()
    async with aiohttp.ClientSession() as session:
        yield Lived(house, clock, f"http://127.0.0.1:{port}", session)
    await house.stop()
    target.shutdown()


async def test_jumps_stall_nothing_and_decide_no_alert(lived: Lived) -> None:
    await lived.goes_on()
    calm = {"Always": "firing", "Patient": "pending"}
    assert await lived.alerts() == calm
    for jump_ms in (10 * 60_000, -5 * 60_000, -20 * 60_000, 2 * 60_000, 13 * 60_000):
        lived.clock.ahead_ms += jump_ms
        await lived.goes_on()
        assert await lived.alerts() == calm, f"after a jump of {jump_ms} ms"
        assert await lived.value("min_over_time(up[1m])") == 1


async def test_samples_too_far_ahead_are_refused_with_the_reason(lived: Lived) -> None:
    now_ms = lived.clock.now_ms()
    status, text = await lived.write(now_ms + _HOUR_MS)
    assert status == 400
    assert "pushed" in text and str(now_ms + _HOUR_MS) in text
    assert (await lived.write(now_ms))[0] == 204
    # What is far ahead now is welcome once the clock has come there.
    lived.clock.ahead_ms += _HOUR_MS
    assert (await lived.write(now_ms + _HOUR_MS))[0] == 204
