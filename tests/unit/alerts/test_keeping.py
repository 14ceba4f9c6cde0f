"""What is there again after a restart, and how alerts that arrive twice become one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from alerts_workshop import T0, Workshop

from watchkeeper.alerts import NoRoute, Received, Silence
from watchkeeper.model.matcher import Matcher, MatchOp

ROUTE = "route: {receiver: a, group_wait: 10s, group_interval: 1m}\n"
Make = Callable[..., Received]


@pytest.fixture
def control_url(every_control_url: str) -> str:
    """All of this holds on SQLite and on PostgreSQL."""
    return every_control_url


async def test_an_accepted_alert_is_there_after_a_restart(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(Received({"alertname": "A", "l": "ü"}, {"e": "", "k": "v"}, T0, T0 + 60_000, "http://g/"))
    await workshop.stop()
    await workshop.start(ROUTE)
    (held,) = workshop.room.alerts("default")
    assert dict(held.alert.labels) == {"alertname": "A", "l": "ü"}
    assert held.alert.annotations == {"e": "", "k": "v"}
    assert (held.alert.starts_at, held.alert.ends_at) == (T0, T0 + 60_000)
    assert held.alert.generator_url == "http://g/"
    await workshop.pass_s(10)
    assert workshop.told() == [("a", "", ["A"])]


async def test_thousands_that_come_at_once_are_all_there_after_a_restart(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(*(alert(l=str(i)) for i in range(2500)))
    await workshop.stop()
    await workshop.start(ROUTE)
    assert {held.alert.labels["l"] for held in workshop.room.alerts("default")} == {str(i) for i in range(2500)}


async def test_time_in_which_nobody_could_reach_us_ends_no_alert(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(ends_s=60))
    await workshop.pass_s(20)
    await workshop.stop()
    workshop.told()
    workshop.clock.ms += 3_600_000
    await workshop.start(ROUTE)
    assert workshop.told() == [("a", "", ["A"])]
    await workshop.pass_s(100)
    assert workshop.told() == [("a", "", ["-A"])]


async def test_an_end_that_was_not_told_is_told_after_a_restart(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(ends_s=5))
    await workshop.pass_s(6)
    await workshop.stop()
    workshop.clock.ms += 3_600_000
    await workshop.start(ROUTE)
    assert workshop.told() == [("a", "", ["-A"])]


async def test_silences_are_there_after_a_restart(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    matchers = (Matcher("team", MatchOp.REGEX, "x|y"), Matcher("a", MatchOp.NOT_EQUAL, "b"))
    made = Silence(matchers, T0, T0 + 100_000, "alice", "why", {"k": "v"})
    id = await workshop.room.silences.set(made)
    before = workshop.room.silences.get("default", id)
    await workshop.stop()
    await workshop.start(ROUTE)
    assert workshop.room.silences.get("default", id) == before
    await workshop.post(alert(team="x"))
    await workshop.pass_s(10)
    assert workshop.told() == []


async def test_what_has_ended_and_was_told_is_forgotten(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", ends_s=5), alert("B"), alert("C", ends_s=15))
    await workshop.pass_s(10)
    workshop.clock.ms += 6_000
    workshop.room.forget_resolved()
    assert sorted(held.alert.labels["alertname"] for held in workshop.room.alerts("default")) == ["B", "C"]
    await workshop.stop()
    await workshop.start(ROUTE)
    assert sorted(held.alert.labels["alertname"] for held in workshop.room.alerts("default")) == ["B", "C"]


async def test_overlapping_alerts_keep_the_earlier_beginning(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(starts_s=-100, ends_s=100))
    await workshop.post(alert(starts_s=0, ends_s=200))
    (held,) = workshop.room.alerts("default")
    assert (held.alert.starts_at, held.alert.ends_at) == (T0 - 100_000, T0 + 200_000)


async def test_an_end_that_a_sender_gave_outlasts_an_earlier_one_that_is_sent_later(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(ends_s=1000))
    await workshop.post(alert(ends_s=500))
    (held,) = workshop.room.alerts("default")
    assert held.alert.ends_at == T0 + 1_000_000


async def test_an_end_that_was_assumed_gives_way_to_one_that_is_given(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(ends_s=None))
    await workshop.post(alert(ends_s=200))
    (held,) = workshop.room.alerts("default")
    assert held.alert.ends_at == T0 + 200_000


async def test_an_alert_that_begins_after_the_last_one_ended_is_new(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(starts_s=-100, ends_s=-50))
    await workshop.post(alert(starts_s=0, ends_s=200))
    (held,) = workshop.room.alerts("default")
    assert held.alert.starts_at == T0


async def test_without_a_route_nothing_is_accepted_silently(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.room.apply(None)
    try:
        await workshop.room.post([alert()], "default")
    except NoRoute as refused:
        assert "route" in str(refused)
    else:
        raise AssertionError("accepted")
