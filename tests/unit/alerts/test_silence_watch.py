"""Silences that warn before they end, and those that expire because they match nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from alerts_workshop import T0, Workshop, configuration

from watchkeeper.alerts import Received, Silence, SilenceState
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.journal import Search
from watchkeeper.model.matcher import Matcher, MatchOp

ROUTE = "route: {receiver: a, group_wait: 1s, group_interval: 10s}\n"
POLICY = "silences: {warn_before_end: 15m, warn_receiver: b, expire_unused_after: 7d}\n"
MINUTE_MS, DAY_MS = 60_000, 86_400_000
Make = Callable[..., Received]


def silence(begin_ms: int, end_ms: int) -> Silence:
    matchers = (Matcher("team", MatchOp.EQUAL, "x"),)
    return Silence(matchers, T0 + begin_ms, T0 + end_ms, "alice", "night work")


async def look(workshop: Workshop, at_ms: int) -> list[tuple[str, str, list[str]]]:
    """What is told when silences are looked at so long after the beginning."""
    workshop.clock.ms = T0 + at_ms
    workshop.told()
    await workshop.room.watch_silences()
    return workshop.told()


ENDING = ("b", "alertname=SilenceEnding", ["SilenceEnding"])
ENDED = ("b", "alertname=SilenceEnding", ["-SilenceEnding"])
UNUSED = ("b", "alertname=SilenceUnused", ["SilenceUnused"])


async def test_a_silence_warns_once_before_it_ends(workshop: Workshop):
    await workshop.start(ROUTE + POLICY)
    id = await workshop.room.silences.set(silence(0, 60 * MINUTE_MS))
    assert await look(workshop, 44 * MINUTE_MS) == []
    workshop.clock.ms = T0 + 45 * MINUTE_MS
    await workshop.room.watch_silences()
    (flush,) = workshop.notifier.flushes
    (alert,) = flush.alerts
    assert dict(alert.labels) == {"alertname": "SilenceEnding", "silence": id, "created_by": "alice"}
    assert alert.annotations["summary"] == (
        'A silence of alice for {team="x"} ends at 2025-11-21 05:40 UTC: night work'
    )
    assert await look(workshop, 46 * MINUTE_MS) == []
    assert await look(workshop, 60 * MINUTE_MS) == [ENDED]
    assert await look(workshop, 61 * MINUTE_MS) == []


async def test_a_warning_outlives_a_restart_and_is_tried_until_it_is_told(workshop: Workshop):
    await workshop.start(ROUTE + POLICY)
    await workshop.room.silences.set(silence(0, 60 * MINUTE_MS))
    workshop.notifier.succeeds = False
    assert await look(workshop, 50 * MINUTE_MS) == [ENDING]
    await workshop.stop()
    await workshop.start(ROUTE + POLICY)
    workshop.notifier.succeeds = True
    assert await look(workshop, 51 * MINUTE_MS) == [ENDING]
    await workshop.stop()
    await workshop.start(ROUTE + POLICY)
    assert await look(workshop, 52 * MINUTE_MS) == []


async def test_a_silence_that_is_extended_warns_again_before_its_new_end(workshop: Workshop):
    await workshop.start(ROUTE + POLICY)
    id = await workshop.room.silences.set(silence(0, 60 * MINUTE_MS))
    assert await look(workshop, 50 * MINUTE_MS) == [ENDING]
    longer = replace(workshop.room.silences.get("default", id), ends_at=T0 + 120 * MINUTE_MS)
    assert await workshop.room.silences.set(longer) == id
    assert await look(workshop, 51 * MINUTE_MS) == [ENDED]
    assert await look(workshop, 106 * MINUTE_MS) == [ENDING]


async def test_nobody_is_warned_of_what_is_short_or_comes_back_or_lies_ahead(workshop: Workshop):
    recurring = "recurring_silences: [{name: n, matchers: [a=b], cron: '40 4 * * *', duration: 1h}]\n"
    await workshop.start(ROUTE + POLICY + recurring)
    await workshop.room.silences.set(silence(0, 10 * MINUTE_MS))
    await workshop.room.silences.set(silence(55 * MINUTE_MS, 75 * MINUTE_MS))
    assert await look(workshop, 5 * MINUTE_MS) == []
    assert await look(workshop, 50 * MINUTE_MS) == []


async def test_a_silence_that_matches_nothing_expires(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE + POLICY)
    used = await workshop.room.silences.set(silence(0, 100 * DAY_MS))
    await workshop.room.silences.set(replace(silence(0, 100 * DAY_MS), matchers=(Matcher("a", MatchOp.EQUAL, "b"),)))
    await workshop.room.silences.set(silence(20 * DAY_MS, 100 * DAY_MS))
    await workshop.post(alert(team="x", ends_s=6 * 86_400))
    assert await look(workshop, 5 * DAY_MS) == []
    assert await look(workshop, 7 * DAY_MS) == [UNUSED]
    await workshop.stop()
    await workshop.start(ROUTE + POLICY)
    assert workshop.room.silences.get("default", used).state(workshop.clock.ms) is SilenceState.ACTIVE
    assert UNUSED in await look(workshop, 12 * DAY_MS)
    states = sorted(one.state(workshop.clock.ms) for one in workshop.room.silences.all("default"))
    assert states == [SilenceState.EXPIRED, SilenceState.EXPIRED, SilenceState.PENDING]
    entries = await workshop.journal.find(Search(kinds=("silence.expired",)))
    assert 'A silence of alice for {team="x"} expired: it matched no alert for 1w.' in [one.text for one in entries]


async def test_without_a_policy_nothing_happens(workshop: Workshop):
    await workshop.start(ROUTE)
    await workshop.room.silences.set(silence(0, 100 * DAY_MS))
    assert await look(workshop, 100 * DAY_MS - 1) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("silences: {warn_before_end: 15m}", "f.yml:1:11: silences: warn_before_end needs a warn_receiver"),
        ("silences: {warn_receiver: d}", 'f.yml:1:27: silences.warn_receiver: there is no receiver "d"'),
    ],
)
def test_who_is_warned_is_known(text: str, problem: str):
    with pytest.raises(ConfigurationFailure) as refused:
        configuration(text + "\n" + ROUTE)
    assert str(refused.value) == problem
