"""Clocks that are set to another time while groups wait, alerts fire and silences hold."""

from __future__ import annotations

import pytest
from bad_days_house import HOUR_MS, MINUTE_MS, Channels, House

from watchkeeper.alerts import Silence
from watchkeeper.model.matcher import Matcher, MatchOp

DAY_MS = 24 * HOUR_MS
CONFIG = """
global: {resolve_timeout: 5m}
route: {receiver: team, group_by: [alertname], group_wait: 1m, group_interval: 5m, repeat_interval: 4h}
receivers: [{name: team, webhook_configs: [{url: URL/team}]}]
"""
JUMPS = pytest.mark.parametrize("jump_ms", [-HOUR_MS, DAY_MS])


@JUMPS
async def test_a_group_waits_as_long_as_it_would_have(bad_day: House, channels: Channels, jump_ms: int) -> None:
    await bad_day.start(CONFIG)
    await bad_day.fire("A", "1")
    bad_day.clock.jumped_ms = jump_ms
    bad_day.clock.ms += 59_000
    await bad_day.look()
    assert channels.bodies == []
    bad_day.clock.ms += 1000
    await bad_day.look()
    assert channels.take("team") == ["A1"]


@JUMPS
async def test_what_fires_on_is_told_again_once_at_the_most_and_its_end_is_told(
    bad_day: House, channels: Channels, jump_ms: int
) -> None:
    await bad_day.start(CONFIG)
    await bad_day.fire("A", "1", "2")
    await bad_day.pass_min(2)
    assert channels.take("team") == ["A1 A2"]
    bad_day.clock.jumped_ms = jump_ms
    for _ in range(60):
        await bad_day.fire("A", "1", "2")
        await bad_day.pass_min(1)
    assert channels.take("team") == (["A1 A2"] if jump_ms > 0 else [])
    await bad_day.fire("A", "1", "2", lasts_ms=0)
    await bad_day.pass_min(6)
    assert channels.take("team") == ["-A1 -A2"]


async def test_what_nobody_sends_again_ends_by_a_clock_set_forward_and_is_told(
    bad_day: House, channels: Channels
) -> None:
    await bad_day.start(CONFIG)
    await bad_day.fire("A", "1", lasts_ms=None)
    await bad_day.pass_min(2)
    bad_day.clock.jumped_ms = DAY_MS
    await bad_day.pass_min(6)
    assert channels.take("team") == ["A1", "-A1"]


async def test_an_alert_outlives_a_clock_set_back_and_its_end_is_told(bad_day: House, channels: Channels) -> None:
    await bad_day.start(CONFIG)
    await bad_day.fire("A", "1", lasts_ms=None)
    await bad_day.pass_min(2)
    bad_day.clock.jumped_ms = -HOUR_MS
    await bad_day.fire("A", "1", lasts_ms=None)
    await bad_day.pass_min(10)
    assert channels.take("team") == ["A1", "-A1"]


async def test_a_silence_ends_at_its_time_by_the_clock(bad_day: House, channels: Channels) -> None:
    await bad_day.start(CONFIG)
    now = bad_day.clock.now_ms()
    matcher = Matcher("alertname", MatchOp.EQUAL, "A")
    await bad_day.alerts.silences.set(Silence((matcher,), now, now + 2 * HOUR_MS, "alice", "planned"))
    await bad_day.fire("A", "1")
    await bad_day.pass_min(61)
    bad_day.clock.jumped_ms = -HOUR_MS
    await bad_day.pass_min(110)
    assert channels.take("team") == []
    await bad_day.pass_min(16)
    assert channels.take("team") == ["A1"]
    await bad_day.alerts.silences.set(
        Silence((matcher,), bad_day.clock.now_ms(), bad_day.clock.now_ms() + 30 * MINUTE_MS, "alice", "planned")
    )
    bad_day.clock.jumped_ms = DAY_MS
    await bad_day.pass_min(6)
    assert channels.take("team") == ["A1"]
