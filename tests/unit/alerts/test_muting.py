"""What keeps alerts from being told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from alerts_workshop import T0, Workshop

from watchkeeper.alerts import (
    AlertLimits,
    AlertState,
    InvalidSilence,
    Received,
    Silence,
    SilenceState,
    UnknownSilence,
)
from watchkeeper.model.matcher import Matcher, MatchOp

PLAIN = "route: {receiver: a, group_wait: 1s, group_interval: 10s}\n"
INHIBIT = (
    PLAIN
    + """
inhibit_rules:
- {source_matchers: [sev=crit], target_matchers: ['sev=~"warn|info"'], equal: [team, absent]}
- {source_match: {kind: both}, target_match_re: {kind: 'both|x'}}
"""
)
INTERVALS = """
route: {receiver: a, group_wait: 1s, group_interval: 10s, routes: [
  {match: {k: muted}, mute_time_intervals: [early]}, {match: {k: active}, active_time_intervals: [early]}]}
time_intervals: [{name: early, time_intervals: [{times: [{start_time: '04:00', end_time: '04:41'}]}]}]
"""
SUPPRESSED = "alertmanager_notifications_suppressed_total"
Make = Callable[..., Received]


def silence(starts_s: float, ends_s: float, *matchers: tuple[str, MatchOp, str], id: str = "") -> Silence:
    made = tuple(Matcher(*parts) for parts in matchers or (("team", MatchOp.EQUAL, "x"),))
    return Silence(made, T0 + round(starts_s * 1000), T0 + round(ends_s * 1000), "alice", "c", id=id)


async def test_a_target_is_mute_while_a_source_fires(workshop: Workshop, alert: Make):
    await workshop.start(INHIBIT)
    await workshop.post(alert("S", sev="crit", team="x", ends_s=5), alert("T", sev="warn", team="x"))
    await workshop.post(alert("U", sev="info", team="y"))
    await workshop.pass_s(1)
    assert workshop.told() == [("a", "", ["S", "U"])]
    await workshop.pass_s(10)
    assert workshop.told() == [("a", "", ["-S", "T", "U"])]


async def test_what_is_not_told_is_counted_by_what_holds_it_back_first(workshop: Workshop, alert: Make):
    await workshop.start(INHIBIT)
    await workshop.room.silences.set(silence(0, 60))
    await workshop.post(alert("S", sev="crit", team="x"), alert("T", sev="warn", team="x"), alert("U", team="x"))
    await workshop.pass_s(1)
    assert workshop.value(SUPPRESSED, reason="inhibition") == 1
    assert workshop.value(SUPPRESSED, reason="silence") == 2


async def test_what_times_hold_back_is_counted_as_that(workshop: Workshop, alert: Make):
    await workshop.start(INTERVALS)
    await workshop.post(alert("A", k="muted"), alert("B", k="muted"), alert("C"))
    await workshop.pass_s(1)
    assert workshop.value(SUPPRESSED, reason="mute_time_interval") == 2
    assert workshop.value(SUPPRESSED, reason="active_time_interval") is None


async def test_the_status_names_what_inhibits(workshop: Workshop, alert: Make):
    await workshop.start(INHIBIT)
    await workshop.post(alert("S", sev="crit", team="x"), alert("T", sev="warn", team="x"))
    source, target = workshop.room.alerts("default")
    assert workshop.room.status(source).state is AlertState.ACTIVE
    status = workshop.room.status(target)
    assert (status.state, status.inhibited_by) == (AlertState.SUPPRESSED, (source.fingerprint,))


async def test_alerts_that_match_both_sides_do_not_mute_each_other(workshop: Workshop, alert: Make):
    await workshop.start(INHIBIT)
    await workshop.post(alert("A", kind="both"), alert("B", kind="both"), alert("C", kind="x"))
    await workshop.pass_s(1)
    assert workshop.told() == [("a", "", ["A", "B"])]


async def test_a_source_of_another_tenant_mutes_nothing(workshop: Workshop, alert: Make):
    await workshop.start(INHIBIT)
    await workshop.post(alert("S", sev="crit"), tenant="alice")
    await workshop.post(alert("T", sev="warn"))
    await workshop.pass_s(1)
    assert ("a", "", ["T"]) in workshop.told()


async def test_time_intervals_hold_groups_back(workshop: Workshop, alert: Make):
    await workshop.start(INTERVALS)  # the tests begin at 04:40
    await workshop.post(alert("M", k="muted"), alert("A", k="active"))
    await workshop.pass_s(1)
    assert workshop.told() == [("a", "", ["A"])]
    assert {tuple(group.muted_by) for group in workshop.room.groups("default")} == {("early",), ()}
    await workshop.pass_s(60)
    assert workshop.told()[-1] == ("a", "", ["M"])


async def test_what_ends_while_it_is_mute_is_not_told_later(workshop: Workshop, alert: Make):
    await workshop.start(INTERVALS)
    await workshop.post(alert("M", k="muted", ends_s=5))
    await workshop.pass_s(90)
    assert workshop.told() == []


async def test_a_silence_mutes_between_its_ends(workshop: Workshop, alert: Make):
    await workshop.start(PLAIN)
    await workshop.room.silences.set(silence(0, 5))
    await workshop.post(alert("A", team="x"), alert("B", team="y"))
    await workshop.pass_s(1)
    assert workshop.told() == [("a", "", ["B"])]
    await workshop.pass_s(10)
    assert workshop.told() == [("a", "", ["A", "B"])]


async def test_a_pending_silence_becomes_active_by_itself(workshop: Workshop, alert: Make):
    await workshop.start(PLAIN)
    await workshop.room.silences.set(silence(5, 100))
    await workshop.post(alert("A", team="x"))
    await workshop.pass_s(1)
    assert workshop.told() == [("a", "", ["A"])]
    await workshop.pass_s(10)
    assert workshop.told() == []
    (held,) = workshop.room.alerts("default")
    assert workshop.room.status(held).silenced_by == ("id0",)


async def test_every_operator_silences(workshop: Workshop, alert: Make):
    await workshop.start(PLAIN)
    await workshop.post(alert("A", team="x"))
    (held,) = workshop.room.alerts("default")
    for op, value in [(MatchOp.REGEX, "x|y"), (MatchOp.NOT_EQUAL, "z"), (MatchOp.NOT_REGEX, "z.*")]:
        team = ("team", op, value)
        id = await workshop.room.silences.set(silence(0, 100, team, ("alertname", MatchOp.EQUAL, "A")))
        assert workshop.room.status(held).silenced_by == (id,)
        await workshop.room.silences.expire("default", id)
        assert workshop.room.status(held).silenced_by == ()


async def test_a_silence_keeps_its_id_where_its_past_stays_true(workshop: Workshop):
    await workshop.start(PLAIN)
    silences = workshop.room.silences
    id = await silences.set(silence(0, 100))
    assert await silences.set(silence(0, 200, id=id)) == id
    assert silences.get("default", id).ends_at == T0 + 200_000
    other = await silences.set(silence(0, 200, ("team", MatchOp.EQUAL, "y"), id=id))
    assert other != id
    assert silences.get("default", id).state(workshop.clock.ms) is SilenceState.EXPIRED
    again = await silences.set(silence(0, 300, id=id))
    assert again not in (id, other)


async def test_silences_are_listed_by_their_state(workshop: Workshop):
    await workshop.start(PLAIN)
    silences = workshop.room.silences
    ended = [await silences.set(silence(0, end)) for end in (1, 2)]
    pending = [await silences.set(silence(start, 900)) for start in (80, 70)]
    active = [await silences.set(silence(0, end)) for end in (60, 50)]
    await workshop.pass_s(5)
    listed = [one.id for one in silences.all("default")]
    assert listed == [*reversed(active), *reversed(pending), *reversed(ended)]
    assert workshop.value("alertmanager_silences", state="pending") == 2


async def test_silences_belong_to_tenants(workshop: Workshop, alert: Make):
    await workshop.start(PLAIN)
    id = await workshop.room.silences.set(silence(0, 100))
    with pytest.raises(UnknownSilence):
        workshop.room.silences.get("alice", id)
    await workshop.post(alert(team="x"), tenant="alice")
    (held,) = workshop.room.alerts("alice")
    assert workshop.room.status(held).state is AlertState.ACTIVE


async def test_a_silence_that_would_mute_everything_is_refused(workshop: Workshop):
    await workshop.start(PLAIN)
    for matchers in [(("a", MatchOp.REGEX, ".*"),), (("a", MatchOp.EQUAL, ""),), (("", MatchOp.EQUAL, "x"),)]:
        with pytest.raises(InvalidSilence):
            await workshop.room.silences.set(silence(0, 100, *matchers))


async def test_a_silence_may_mute_whatever_lacks_a_label(workshop: Workshop):
    await workshop.start(PLAIN)
    for op, value in ((MatchOp.NOT_EQUAL, "x"), (MatchOp.NOT_REGEX, ".+")):
        assert await workshop.room.silences.set(silence(0, 100, ("a", op, value)))


async def test_old_silences_are_forgotten(workshop: Workshop):
    await workshop.start(PLAIN)
    id = await workshop.room.silences.set(silence(0, 1))
    workshop.clock.ms += 120 * 3_600_000
    await workshop.room.silences.forget_old()
    assert workshop.room.silences.get("default", id).comment == "c"
    workshop.clock.ms += 2_000
    await workshop.room.silences.forget_old()
    with pytest.raises(UnknownSilence):
        workshop.room.silences.get("default", id)


async def test_how_long_silences_are_kept_may_be_said(workshop: Workshop):
    await workshop.start(PLAIN, AlertLimits(retention_ms=60_000))
    id = await workshop.room.silences.set(silence(0, 1))
    workshop.clock.ms += 62_000
    await workshop.room.silences.forget_old()
    with pytest.raises(UnknownSilence):
        workshop.room.silences.get("default", id)
