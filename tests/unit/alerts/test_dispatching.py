"""When groups are told, and of what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from alerts_workshop import Workshop

from watchkeeper.alerts import InvalidAlert, Received

ROUTE = """
route: {receiver: a, group_by: [team], group_wait: 10s, group_interval: 1m, repeat_interval: 1h, routes: [
  {match: {team: fast}, receiver: b, group_wait: 0s}, {match: {team: both}, receiver: b, continue: true},
  {match: {team: both}, receiver: c}, {match: {kind: own}, group_by: ['...']}]}
"""
Make = Callable[..., Received]


async def test_a_new_group_waits_and_then_tells_of_all_that_came(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", team="x"), alert("A", team="y"))
    await workshop.pass_s(5)
    await workshop.post(alert("B", team="x", starts_s=5))
    await workshop.pass_s(4.5)
    assert workshop.told() == []
    await workshop.pass_s(0.5)
    assert workshop.told() == [("a", "team=x", ["A", "B"]), ("a", "team=y", ["A"])]


async def test_without_a_wait_a_group_tells_at_once(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(team="fast"))
    assert workshop.told() == [("b", "team=fast", ["A"])]


async def test_an_alert_older_than_the_wait_is_told_at_once_but_only_first(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("Old", starts_s=-11))
    assert workshop.told() == [("a", "", ["Old"])]
    await workshop.post(alert("Older", starts_s=-999))
    assert workshop.told() == []
    await workshop.pass_s(60)
    assert workshop.told() == [("a", "", ["Old", "Older"])]


async def test_a_told_group_is_looked_at_again_after_each_interval(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert())
    await workshop.pass_s(10)
    assert workshop.told() == [("a", "", ["A"])]
    await workshop.pass_s(59.5)
    assert workshop.told() == []
    await workshop.pass_s(60)
    assert workshop.told() == [("a", "", ["A"])]


async def test_what_has_ended_is_told_once_and_then_forgotten(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("A"), alert("B"))
    await workshop.pass_s(20)
    await workshop.post(alert("A", ends_s=20))
    workshop.told()
    await workshop.pass_s(60)
    assert workshop.told() == [("a", "", ["-A", "B"])]
    await workshop.pass_s(60)
    assert workshop.told() == [("a", "", ["B"])]


async def test_what_has_ended_stays_while_nobody_could_be_told(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    workshop.notifier.succeeds = False
    await workshop.post(alert("A", ends_s=5))
    await workshop.pass_s(70)
    assert workshop.told() == [("a", "", ["-A"]), ("a", "", ["-A"])]
    workshop.notifier.succeeds = True
    await workshop.pass_s(120)
    assert workshop.told() == [("a", "", ["-A"])]


async def test_an_alert_that_comes_back_while_its_end_is_told_is_not_forgotten(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    released = asyncio.Event()
    await workshop.post(alert("A", ends_s=5, team="fast"))
    workshop.notifier.gate = released.wait
    await workshop.pass_s(60)
    await workshop.post(alert("A", starts_s=60, team="fast"))
    released.set()
    workshop.notifier.gate = None
    await workshop.pass_s(60)
    assert workshop.told()[-1] == ("b", "team=fast", ["A"])


async def test_a_group_ends_with_its_last_alert_and_the_next_one_waits_anew(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", ends_s=15))
    await workshop.pass_s(70)
    assert workshop.told() == [("a", "", ["A"]), ("a", "", ["-A"])]
    assert workshop.value("alertmanager_dispatcher_aggregation_groups") == 0
    await workshop.post(alert("B", starts_s=70))
    await workshop.pass_s(9.5)
    assert workshop.told() == []
    await workshop.pass_s(0.5)
    assert workshop.told() == [("a", "", ["B"])]


async def test_an_old_alert_does_not_hurry_a_group_that_waits_already(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert("Young"))
    await workshop.pass_s(5)
    await workshop.post(alert("Old", starts_s=-999))
    assert workshop.told() == []
    await workshop.pass_s(5)
    assert workshop.told() == [("a", "", ["Old", "Young"])]


async def test_a_slow_receiver_delays_its_own_group_only(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    released = asyncio.Event()
    workshop.notifier.gate = released.wait
    await workshop.post(alert(team="fast"), alert(team="fast", kind="k"))
    await workshop.pass_s(200)
    assert len(workshop.told()) == 1
    await workshop.post(alert(team="both", starts_s=-999))
    await asyncio.sleep(0)
    assert [receiver for receiver, _, _ in workshop.told()] == ["b", "c"]
    released.set()
    workshop.notifier.gate = None
    await workshop.pass_s(0.5)
    assert ("b", "team=fast", ["A", "A"]) in workshop.told()


async def test_groups_carry_alertmanagers_key_and_deadline(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    await workshop.post(alert(team='f"x', kind="own"), alert(team="fast"))
    await workshop.pass_s(10)
    slow, fast = sorted(workshop.notifier.flushes, key=lambda flush: flush.receiver)
    assert slow.group_key == '{}/{kind="own"}:{alertname="A", kind="own", team="f\\"x"}'
    assert fast.group_key == '{}/{team="fast"}:{team="fast"}'
    assert (fast.repeat_interval_ms, fast.deadline - fast.at) == (3_600_000, 60_000)


async def test_an_alert_without_an_end_ends_after_the_timeout(workshop: Workshop, alert: Make):
    await workshop.start("global: {resolve_timeout: 30s}\n" + ROUTE)
    await workshop.post(alert(ends_s=None))
    await workshop.pass_s(80)
    assert workshop.told() == [("a", "", ["A"]), ("a", "", ["-A"])]


async def test_alerts_that_are_wrong_are_refused_and_the_others_taken(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE)
    with pytest.raises(InvalidAlert) as refused:
        await workshop.room.post([Received({}, {}), alert("B", ends_s=-5), alert("C")], "default")
    assert str(refused.value) == "at least one label pair required\nstart time must be before end time"
    assert [held.alert.labels["alertname"] for held in workshop.room.alerts("default")] == ["C"]
    assert workshop.value("alertmanager_alerts_invalid_total", version="v2") == 2


async def test_tenants_do_not_share_groups(workshop: Workshop, alert: Make):
    await workshop.start("route: {receiver: a, group_wait: 0s, routes: [{match: {tenant: alice}, receiver: b}]}\n")
    await workshop.post(alert("A"))
    await workshop.post(alert("A"), tenant="alice")
    await workshop.post(alert("A"), tenant="bob")
    assert sorted((f.receiver, f.tenant) for f in workshop.notifier.flushes) == [
        ("a", "bob"),
        ("a", "default"),
        ("b", "alice"),
    ]
    assert [held.alert.tenant for held in workshop.room.alerts("alice")] == ["alice"]
