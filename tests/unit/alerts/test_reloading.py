"""What becomes of groups when the configuration changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from alerts_workshop import Workshop, received, routing
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.alerts import Received, Routing

ROUTE = """
route: {receiver: a, group_by: [team], group_wait: 10s, group_interval: 1m, repeat_interval: 1h, routes: [
  {match: {team: fast}, receiver: b, group_wait: 0s}]}
"""
FIRST = ROUTE.replace("routes: [", "routes: [{match: {team: new}, receiver: c}, ")
Make = Callable[..., Received]
Read = Callable[[str], Routing]
Tree: TypeAlias = "tuple[int, bool, int, list[Tree]]"


async def test_a_reload_that_changes_nothing_delays_nothing(workshop: Workshop, alert: Make, route: Read):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", team="x"), alert("B", team="fast"))
    assert workshop.told() == [("b", "team=fast", ["B"])]
    await workshop.pass_s(6)
    await workshop.room.apply(route(ROUTE))
    await workshop.pass_s(4)
    assert workshop.told() == [("a", "team=x", ["A"])]
    await workshop.room.apply(route(ROUTE))
    await workshop.pass_s(49.5)
    assert workshop.told() == []
    await workshop.pass_s(0.5)
    assert workshop.told() == [("b", "team=fast", ["B"])]


async def test_routes_that_are_new_leave_the_groups_of_others_alone(workshop: Workshop, alert: Make, route: Read):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", team="fast"), alert("N", team="new", starts_s=-20))
    assert workshop.told() == [("b", "team=fast", ["A"]), ("a", "team=new", ["N"])]
    await workshop.pass_s(5)
    await workshop.room.apply(route(FIRST))
    await workshop.pass_s(0.5)
    assert workshop.told() == [("c", "team=new", ["N"])]
    await workshop.pass_s(54.5)
    assert workshop.told() == [("b", "team=fast", ["A"])]


async def test_a_route_that_is_changed_begins_anew(workshop: Workshop, alert: Make, route: Read):
    await workshop.start(ROUTE)
    await workshop.post(alert(starts_s=-20))
    assert workshop.told() == [("a", "", ["A"])]
    await workshop.room.apply(route("route: {receiver: c}\n"))
    await workshop.pass_s(30)
    assert workshop.told() == [("c", "", ["A"])]


async def test_what_ended_and_was_told_is_not_told_again_by_a_route_that_stays(
    workshop: Workshop, alert: Make, route: Read
):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", ends_s=5), alert("B"))
    await workshop.pass_s(15)
    assert workshop.told() == [("a", "", ["-A", "B"])]
    for _ in range(2):
        await workshop.room.apply(route(ROUTE))
    await workshop.pass_s(60)
    assert workshop.told() == [("a", "", ["B"])]


async def test_a_changed_route_tells_of_what_ended_a_while_ago_as_alertmanager_does(
    workshop: Workshop, alert: Make, route: Read
):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", ends_s=5), alert("B"))
    await workshop.pass_s(15)
    workshop.told()
    await workshop.room.apply(route("route: {receiver: c}\n"))
    await workshop.pass_s(30)
    assert workshop.told() == [("c", "", ["-A", "B"])]


async def test_an_end_that_nobody_was_told_of_survives_a_change_of_its_route(
    workshop: Workshop, alert: Make, route: Read
):
    await workshop.start(ROUTE)
    await workshop.post(alert("A", ends_s=15))
    await workshop.pass_s(20)
    assert workshop.told() == [("a", "", ["A"])]
    await workshop.room.apply(route(ROUTE.replace("10s", "9s")))
    await workshop.pass_s(10)
    assert workshop.told() == [("a", "", ["-A"])]


async def test_a_receiver_is_not_told_of_a_group_twice_at_once(workshop: Workshop, alert: Make, route: Read):
    await workshop.start(ROUTE)
    released = asyncio.Event()
    workshop.notifier.gate = released.wait
    await workshop.post(alert(starts_s=-20))
    await workshop.pass_s(1)
    await workshop.room.apply(route(ROUTE.replace("10s", "9s")))
    await workshop.pass_s(1)
    assert len(workshop.told()) == 1
    released.set()
    workshop.notifier.gate = None
    await workshop.pass_s(1)
    assert workshop.told() == [("a", "", ["A"])]


async def test_a_slow_receiver_is_still_waited_for_after_a_reload(workshop: Workshop, alert: Make, route: Read):
    await workshop.start(ROUTE)
    released = asyncio.Event()
    workshop.notifier.gate = released.wait
    await workshop.post(alert("A", team="fast"))
    await workshop.pass_s(70)
    await workshop.room.apply(route(FIRST))
    assert len(workshop.told()) == 1
    released.set()
    workshop.notifier.gate = None
    await workshop.pass_s(1)
    assert workshop.told() == [("b", "team=fast", ["A"])]


async def test_without_a_route_groups_go_and_come_back_with_one(workshop: Workshop, alert: Make, route: Read):
    await workshop.start(ROUTE)
    await workshop.post(alert(team="fast"))
    workshop.told()
    await workshop.room.apply(None)
    assert workshop.room.group_count == 0
    await workshop.room.apply(route(ROUTE))
    await workshop.pass_s(0.5)
    assert workshop.told() == [("b", "team=fast", ["A"])]


TREES: st.SearchStrategy[Tree] = st.recursive(
    st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 2), st.just([])),
    lambda below: st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 2), st.lists(below, max_size=3)),
    max_leaves=6,
)
TEAMS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6, unique=True)


def written(tree: Tree, *, root: bool = True) -> str:
    """A route that matches a team or a name, or all, with a receiver and other times."""
    number, continues, time, below = tree
    match = "" if root or not number else f"match: {{team: t{number}}}, "
    match += "continue: true, " if continues and not root else ""
    routes = ", ".join(written(one, root=False) for one in below)
    return (
        f"{{{match}receiver: {'abc'[time]}, group_wait: {time + 1}s, group_interval: {time + 3}s, "
        f"group_by: [{'team' if number % 2 else 'alertname'}], routes: [{routes}]}}"
    )


def groups(workshop: Workshop) -> list[tuple[str, str, str, list[str]]]:
    return sorted(
        (
            group.route.id,
            group.route.options.receiver,
            group.key,
            sorted(held.fingerprint for held in group.members.values()),
        )
        for group in workshop.room.groups("default")
    )


async def told_in(texts: Sequence[str], alerts: Sequence[Received]) -> tuple[list[object], list[object]]:
    """What is told while the configurations follow one another (an empty one: no reload), and the groups at the end."""
    workshop = Workshop("sqlite://")
    try:
        await workshop.start(texts[0])
        await workshop.post(*alerts)
        for text in texts[1:]:
            await workshop.pass_s(2.5)
            if text:
                await workshop.room.apply(routing(text))
        await workshop.pass_s(2.5)
        told: list[object] = [(f.at, f.receiver, f.group_key, len(f.alerts)) for f in workshop.notifier.flushes]
        return told, list[object](groups(workshop))
    finally:
        await workshop.stop()


@settings(max_examples=25, deadline=None)
@given(TREES, TREES, TEAMS)
def test_groups_after_a_reload_are_those_of_a_start(before: Tree, after: Tree, teams: list[tuple[int, int]]):
    alerts = [received(f"A{name}", team=f"t{team}") for name, team in teams]
    first, then = f"route: {written(before)}\n", f"route: {written(after)}\n"
    _, reloaded = asyncio.run(told_in([first, then], alerts))
    _, started = asyncio.run(told_in([then], alerts))
    assert reloaded == started


@settings(max_examples=15, deadline=None)
@given(TREES, TEAMS)
def test_reloads_of_the_same_are_not_noticed(tree: Tree, teams: list[tuple[int, int]]):
    alerts = [received(f"A{name}", team=f"t{team}", ends_s=4 if name == 1 else 3600) for name, team in teams]
    text = f"route: {written(tree)}\n"
    reloaded = asyncio.run(told_in([text, text, text], alerts))
    assert reloaded == asyncio.run(told_in([text, "", ""], alerts))
