"""What the journal says of alerts and silences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from alerts_workshop import T0, Workshop

from watchkeeper.alerts import Received, Silence
from watchkeeper.journal import Search
from watchkeeper.model.matcher import Matcher, MatchOp

ROUTE = """
route: {receiver: a, group_by: [team], group_wait: 0s, group_interval: 1m, repeat_interval: 1h, routes: [
  {match: {team: night}, mute_time_intervals: [late]}]}
time_intervals: [{name: late, time_intervals: [{times: [{start_time: "05:00", end_time: "24:00"}]}]}]
inhibit_rules: [{source_matchers: [alertname="Down"], target_matchers: [alertname="Slow"], equal: [team]}]
"""
Make = Callable[..., Received]
MUTING = ("alert.muted", "alert.unmuted")


def silence(value: str, hours: float = 1.0) -> Silence:
    matcher = Matcher("team", MatchOp.EQUAL, value)
    return Silence((matcher,), T0, T0 + round(hours * 3_600_000), "alice", "night shift")


async def test_an_alert_fires_once_however_often_it_is_sent(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    for _ in range(3):
        await workshop.post(alert("A", team="x", ends_s=3600))
    assert await workshop.happened("alert") == ['A{team="x"} fires since 2025-11-21 04:40:00 UTC']


async def test_an_end_is_recorded_when_it_is_sent(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert())
    await workshop.pass_s(5)
    await workshop.post(alert(ends_s=5))
    await workshop.pass_s(70)
    assert await workshop.happened("alert.resolved") == ["A{} ended at 2025-11-21 04:40:05 UTC"]


async def test_an_end_that_nobody_sent_is_recorded_with_the_groups_next_flush(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(ends_s=None))
    await workshop.pass_s(400)
    because = "A{} ended at 2025-11-21 04:45:00 UTC, because nobody sent it again"
    assert await workshop.happened("alert.resolved") == [because]


async def test_an_alert_that_comes_back_fires_again(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(ends_s=5))
    await workshop.pass_s(10)
    await workshop.post(alert(starts_s=10))
    kinds = [entry.kind.value for entry in await workshop.journal.find(Search())]
    assert kinds == ["alert.fired", "alert.resolved", "alert.fired"]


async def test_a_restart_records_nothing_twice(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("A"), alert("B", ends_s=0))
    await workshop.stop()
    await workshop.start(ROUTE)
    await workshop.post(alert("A"))
    assert len(await workshop.happened("alert.fired")) == 1


async def test_silencing_is_recorded_when_it_begins_and_when_it_ends(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", team="x"), alert("B", team="x"), alert("C", team="y"))
    id = await workshop.room.silences.set(silence("x"))
    await workshop.pass_s(180)
    await workshop.room.silences.expire("default", id)
    await workshop.pass_s(180)
    assert await workshop.happened(*MUTING) == [
        f'A{{team="x"}}, B{{team="x"}} are not told to a: the silence {id} of alice "night shift"'
        " lasts until 2025-11-21 05:40:00 UTC",
        'nothing keeps A{team="x"}, B{team="x"} from a any more',
    ]


async def test_inhibition_is_recorded_with_its_source(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("Down", team="x"), alert("Slow", team="x"))
    assert await workshop.happened(*MUTING) == ['Slow{team="x"} is not told to a: Down{team="x"} inhibits']


async def test_a_time_interval_is_recorded_by_its_name(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", team="night"))
    await workshop.pass_s(30 * 60)
    assert await workshop.happened(*MUTING) == [
        'A{team="night"} is not told to a: the route\'s time intervals do (late)'
    ]


async def test_a_reload_records_no_muting_again(workshop: Workshop, alert: Make, route: Callable[[str], object]):
    await workshop.start(ROUTE)
    await workshop.post(alert("Down", team="x"), alert("Slow", team="x"))
    await workshop.room.apply(route(ROUTE))  # type: ignore[arg-type]  # a routing
    await workshop.pass_s(120)
    assert len(await workshop.happened(*MUTING)) == 1


async def test_a_silence_is_recorded_with_who_made_changed_and_replaced_it(workshop: Workshop):
    await workshop.start(ROUTE)
    made = silence("x")
    id = await workshop.room.silences.set(made)
    await workshop.room.silences.set(replace(made, id=id, comment="longer", ends_at=T0 + 7_200_000))
    other = Matcher("team", MatchOp.EQUAL, "y")
    await workshop.room.silences.set(replace(made, id=id, matchers=(other,)))
    span = "from 2025-11-21 04:40:00 UTC to 2025-11-21"
    assert await workshop.happened("silence.created", "silence.changed", actor="alice") == [
        f'alice made a silence for {{team="x"}} {span} 05:40:00 UTC: "night shift"',
        f'alice changed a silence for {{team="x"}} {span} 06:40:00 UTC: "longer"',
        f'alice made a silence for {{team="y"}} {span} 05:40:00 UTC: "night shift"',
    ]
    assert await workshop.happened("silence.expired") == [
        'the silence of alice for {team="x"} was ended early by alice'
    ]


async def test_a_silence_that_ends_by_itself_is_recorded_once(workshop: Workshop):
    await workshop.start(ROUTE)
    await workshop.room.silences.set(silence("x", hours=0.01))
    await workshop.pass_s(60)
    workshop.room.silences.record_ends()
    workshop.room.silences.record_ends()
    assert await workshop.happened("silence.expired") == ['the silence of alice for {team="x"} has ended']
