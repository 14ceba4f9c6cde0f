"""Why people are told of an alert, or not."""

from __future__ import annotations

from collections.abc import Callable

from alerts_workshop import T0, Workshop, routing
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.alerts import Explanation, Received, Silence, explain
from watchkeeper.alerts.path import Verdict, path
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp

TREE = """
route: {receiver: a, group_by: [team], group_wait: 10s, group_interval: 1m, routes: [
  {matchers: [team="x"], receiver: b, continue: true, routes: [{matchers: [sev=~"crit.*"], receiver: c}]},
  {matchers: [team=~"x|y"], receiver: a}, {matchers: [sev!=""], receiver: b}]}
"""
HOURS = """
route: {receiver: b, group_wait: 0s, routes: [{receiver: a, active_time_intervals: [work]}]}
time_intervals: [{name: work, time_intervals: [
  {times: [{start_time: "08:00", end_time: "16:00"}], location: Europe/Berlin}]}]
"""
INHIBIT = """
route: {receiver: a, group_wait: 0s}
inhibit_rules: [{source_matchers: [alertname="Down"], target_matchers: [alertname="Slow"], equal: [team]}]
"""
Make = Callable[..., Received]


def why(workshop: Workshop, **labels: str) -> Explanation:
    return explain(workshop.room, "default", Labels({"alertname": "A", **labels}), workshop.clock.ms)


def test_each_route_says_what_became_of_the_alert() -> None:
    steps = path(routing(TREE).root, {"team": "x", "sev": "low"})
    assert [(step.depth, step.verdict, step.why) for step in steps] == [
        (0, Verdict.PASSED_ON, "it takes every alert, and a route below does, too"),
        (1, Verdict.TAKEN, "all matchers hold, and no route below does"),
        (2, Verdict.REFUSED, 'sev=~"crit.*" does not hold: sev is "low"'),
        (1, Verdict.TAKEN, "all matchers hold"),
        (1, Verdict.NOT_REACHED, "a route before it matches and does not continue"),
    ]


def test_a_label_that_is_not_there_is_named() -> None:
    steps = path(routing(TREE).root, {})
    assert steps[1].why == 'team="x" does not hold: there is no label team'


@given(st.dictionaries(st.sampled_from(["team", "sev"]), st.sampled_from(["x", "y", "crit", "low"])))
def test_the_routes_that_are_taken_are_those_that_alerts_take(labels: dict[str, str]) -> None:
    root = routing(TREE).root
    taken = [step.route for step in path(root, labels) if step.verdict is Verdict.TAKEN]
    assert taken == root.match(labels)


async def test_an_alert_that_nobody_sent_is_explained_as_if_it_had_come(workshop: Workshop):
    await workshop.start(TREE)
    found = why(workshop, team="x")
    assert (found.held, found.receivers) == (None, ["b", "a"])
    assert [way.next_flush_at for way in found.ways] == [None, None]
    assert [alert.labels["alertname"] for alert in found.ways[0].flush.alerts] == ["A"]
    assert workshop.room.count == 0


async def test_a_group_says_when_it_is_looked_at_next(workshop: Workshop, alert: Make):
    await workshop.start(TREE)
    await workshop.post(alert())
    assert why(workshop).ways[0].next_flush_at == T0 + 10_000
    await workshop.pass_s(12)
    assert why(workshop).ways[0].next_flush_at == T0 + 70_000


async def test_a_silence_holds_an_alert_back_that_has_not_come_yet(workshop: Workshop):
    await workshop.start(TREE)
    matcher = Matcher("team", MatchOp.EQUAL, "z")
    id = await workshop.room.silences.set(Silence((matcher,), T0, T0 + 60_000, "alice", "night"))
    found = why(workshop, team="z")
    assert [one.id for one in found.silences] == [id]
    assert found.ways[0].flush.alerts == ()
    assert why(workshop, team="w").silences == ()


async def test_inhibition_names_its_source_and_its_rule(workshop: Workshop, alert: Make):
    await workshop.start(INHIBIT)
    await workshop.post(alert("Down", team="x"))
    inhibition = why(workshop, alertname="Slow", team="x").inhibition
    assert inhibition is not None
    assert inhibition.source.alert.labels["alertname"] == "Down"
    assert inhibition.rule.equal == ("team",)
    assert why(workshop, alertname="Slow", team="y").inhibition is None


async def test_outside_its_active_times_a_route_says_until_when(workshop: Workshop):
    await workshop.start(HOURS)
    (hold,) = why(workshop).ways[0].holds
    assert (hold.name, hold.zones, hold.active) == ("work", ("Europe/Berlin",), True)
    assert hold.until == T0 + (2 * 60 + 20) * 60_000  # from 05:40 to 08:00 in Berlin
    workshop.clock.ms = hold.until
    assert why(workshop).ways[0].holds == ()


async def test_an_alert_of_another_tenant_is_matched_with_its_tenant(workshop: Workshop):
    await workshop.start("route: {receiver: a, routes: [{matchers: [tenant=other], receiver: b}]}\n")
    assert explain(workshop.room, "other", Labels({"alertname": "A"}), T0).receivers == ["b"]
    assert why(workshop).receivers == ["a"]
