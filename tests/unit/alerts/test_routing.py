"""The routing tree, and what is wrong with a configuration of it."""

from __future__ import annotations

import pytest

from watchkeeper.alerts import AlertFilter, list_alerts, list_groups
from watchkeeper.alerts.ordering import alert_order, labels_order
from watchkeeper.alerts.route import Route
from watchkeeper.app.configuration.configuration import load_text
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.model.labels import Labels

RECEIVERS = "receivers: [{name: a}, {name: b}, {name: c}]\n"
TREE = """
route:
  receiver: a
  group_by: [x]
  group_wait: 5s
  routes:
  - match: {team: one}
    receiver: b
    group_interval: 2m
    continue: true
    mute_time_intervals: [n]
    routes:
    - {match_re: {sev: 'c.*'}, group_by: ['...'], repeat_interval: 1h}
    - {matchers: [sev=other], group_by: [y, z]}
  - {matchers: ['team=~"one|two"'], receiver: c, group_by: []}
time_intervals: [{name: n}]
"""


def root(text: str = TREE) -> Route:
    routing = load_text(text + RECEIVERS, "f.yml", {}).routing
    assert routing is not None
    return routing.root


def receivers(**labels: str) -> list[str]:
    return [route.options.receiver for route in root().match(Labels(labels))]


def test_the_deepest_routes_that_match_are_taken():
    assert receivers() == ["a"]
    assert receivers(team="two") == ["c"]
    assert receivers(team="one") == ["b", "c"]
    assert [route.key for route in root().match(Labels({"team": "one", "sev": "crit"}))] == [
        '{}/{team="one"}/{sev=~"^(?:c.*)$"}',
        '{}/{team=~"one|two"}',
    ]


def test_a_route_takes_from_above_what_it_leaves_open():
    one = root().routes[0]
    assert (one.options.group_wait_ms, one.options.group_interval_ms) == (5_000, 120_000)
    assert one.options.repeat_interval_ms == 4 * 3_600_000
    assert one.options.group_by == {"x"}
    critical, other = one.routes
    assert (critical.options.receiver, critical.options.repeat_interval_ms) == ("b", 3_600_000)
    assert critical.options.by_all_labels
    assert (other.options.by_all_labels, other.options.group_by) == (False, {"y", "z"})


def test_an_empty_group_by_groups_by_nothing_whatever_stands_above():
    three = root().routes[1]
    assert (three.options.by_all_labels, three.options.group_by) == (False, frozenset())


def test_time_intervals_are_not_taken_from_above():
    assert root().routes[0].options.mute_intervals == ("n",)
    assert root().routes[0].routes[0].options.mute_intervals == ()


def test_the_defaults_are_alertmanagers():
    options = root("route: {receiver: a}\n").options
    assert (options.group_wait_ms, options.group_interval_ms, options.repeat_interval_ms) == (
        30_000,
        300_000,
        14_400_000,
    )
    assert options.group_labels(Labels({"a": "b"})) == Labels()


def test_every_problem_is_named_with_its_place():
    text = """\
route:
  receiver: q
  match: {a: b}
  routes:
  - {receiver: aa, mute_time_intervals: [nights]}
receivers: [{name: ab}]
time_intervals: [{name: night}, {name: night}]
"""
    with pytest.raises(ConfigurationFailure) as refused:
        load_text(text, "f.yml", {})
    assert [str(problem) for problem in refused.value.problems] == [
        'f.yml:2:13: route.receiver: there is no receiver "q"',
        "f.yml:3:10: route.match: the root route takes every alert at any time: it has no match",
        'f.yml:5:16: route.routes[0].receiver: there is no receiver "aa"',
        'f.yml:5:42: route.routes[0].mute_time_intervals[0]: there is no time interval "nights": did you mean "night"?',
        'f.yml:7:40: time_intervals[1].name: there is another time interval "night" at f.yml:7:25: names must differ',
    ]


def test_what_is_wrong_within_sections_is_named_at_once():
    text = """\
route:
  receiver: a
  group_by: [x, x]
  routes:
  - {matchers: ['!'], group_interval: 0s, recieve: b}
"""
    with pytest.raises(ConfigurationFailure) as refused:
        load_text(text + RECEIVERS, "f.yml", {})
    assert [str(problem) for problem in refused.value.problems] == [
        "f.yml:3:13: route.group_by: a label is named twice",
        "f.yml:5:17: route.routes[0].matchers[0]: bad matcher format: !",
        "f.yml:5:39: route.routes[0].group_interval: must be longer than 0s",
        'f.yml:5:43: unknown key "recieve" in route.routes[0]: did you mean "receiver"?',
    ]


def test_an_expression_where_values_are_compared_is_pointed_out():
    text = "route: {receiver: a, routes: [{match: {severity: medium|low}}]}\n" + RECEIVERS
    (warning,) = load_text(text, "f.yml", {}).warnings
    assert str(warning).startswith('f.yml:1:50: route.routes[0].match.severity: "medium|low" is compared as it stands')


def test_labels_stand_as_alertmanager_sorts_them():
    sets = [{"z": "1"}, {"a": "2"}, {"a": "1", "b": "1"}, {}, {"a": "1"}, {"a": "1", "c": "1"}]
    ordered = sorted((Labels(one) for one in sets), key=labels_order)
    assert [dict(one) for one in ordered] == [
        {},
        {"z": "1"},
        {"a": "1"},
        {"a": "2"},
        {"a": "1", "c": "1"},
        {"a": "1", "b": "1"},
    ]


def test_alerts_stand_by_job_and_instance_first():
    sets = [
        {},
        {"instance": "1"},
        {"job": "b", "instance": "2"},
        {"job": "b", "instance": "10"},
        {"job": "a", "x": "1"},
    ]
    ordered = sorted((Labels(one) for one in sets), key=alert_order)
    assert [dict(one) for one in ordered] == [sets[4], sets[3], sets[2], sets[1], sets[0]]


def test_a_fingerprint_is_alertmanagers():
    assert fingerprint(Labels({"team": "x", "sev": "warn"})) == "152cebf745cc31d2"
    assert fingerprint(Labels({"sev": "crit", "team": "x", "utf.8": "ü"})) == "486f06947374649a"


async def test_lists_show_what_is_asked_for(workshop, alert):
    await workshop.start("route: {receiver: a, group_by: [team], routes: [{match: {team: x}, receiver: b}]}\n")
    await workshop.post(alert("A", team="x"), alert("B", team="y"), alert("Gone", starts_s=-9, ends_s=-5))
    now = workshop.clock.ms
    assert {one.held.alert.labels["alertname"] for one in list_alerts(workshop.room, AlertFilter(), now)} == {"A", "B"}
    (only,) = list_alerts(workshop.room, AlertFilter(receiver=lambda name: name == "b"), now)
    assert only.receivers == ["b"]
    assert list_alerts(workshop.room, AlertFilter(active=False), now) == []
    assert [(one.receiver, dict(one.labels)) for one in list_groups(workshop.room, AlertFilter(), now)] == [
        ("b", {"team": "x"}),
        ("a", {"team": "y"}),
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("receivers: [{name: a}]", "1:1"),
        ("receivers: []", "1:1"),
        ("global: {}\ntemplates: ['*.tmpl']", "2:1"),
        ("global: {}\ninhibit_rules: [{equal: [a]}]", "2:1"),
        ("time_intervals: [{name: n}]", "1:1"),
    ],
)
def test_what_needs_a_route_is_refused_without_one(text: str, place: str):
    with pytest.raises(ConfigurationFailure) as raised:
        load_text(text + "\n", "f.yml", {})
    (problem,) = raised.value.problems
    assert str(problem).startswith(f'f.yml:{place}: "route" is missing: nobody would be told of any alert')


def test_what_is_malformed_does_not_hide_what_does_not_fit_together():
    text = """\
route:
  receiver: a
  routes:
  - {matchers: ['!'], receiver: q, mute_time_intervals: [night, day]}
  - {match: {team: x}, receiver: r, group_wait: soon}
receivers: [{name: a}, {name: r, webhook_configs: [{}]}]
time_intervals: [{name: night, time_intervals: [{times: [{start_time: '25:00', end_time: '26:00'}]}]}]
"""
    with pytest.raises(ConfigurationFailure) as refused:
        load_text(text, "f.yml", {})
    told = [str(problem) for problem in refused.value.problems]
    assert 'f.yml:4:33: route.routes[0].receiver: there is no receiver "q"' in told
    assert 'f.yml:4:65: route.routes[0].mute_time_intervals[1]: there is no time interval "day"' in told
    assert "f.yml:4:17: route.routes[0].matchers[0]: bad matcher format: !" in told
    assert not any('there is no receiver "r"' in one or '"night"' in one for one in told)
    assert sorted({problem.place.line for problem in refused.value.problems}) == [4, 5, 6, 7]
