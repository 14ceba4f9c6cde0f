"""Rounds of a group on the real store."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import STALE, SampleBatch
from watchkeeper.query.promql.script import HistogramPoint, parse_series
from watchkeeper.rules.group import RunningGroup
from watchkeeper.store.failure import StoreUnreachable

T0 = 1_763_700_000_000

LabelsOf = Callable[..., Labels]

RECORDING = """
groups:
- name: g
  rules:
  - record: job:load:sum
    expr: sum by (job) (load)
    labels: {team: a}
"""


async def test_a_recording_rule_writes_its_series(workshop: Any, labels_of: LabelsOf) -> None:
    for i in range(3):
        await workshop.put({"__name__": "load", "job": "x", "i": str(i)}, i)
    group = workshop.group(RECORDING)
    await workshop.evaluate(group, 30)
    assert workshop.ask("job:load:sum", 30) == {labels_of("job:load:sum", job="x", team="a"): 3.0}
    assert group.status().rules[0].health == "ok"


async def test_a_series_that_vanishes_from_a_result_goes_stale(workshop: Any) -> None:
    await workshop.put({"__name__": "load", "job": "x"}, 1)
    await workshop.put({"__name__": "load", "job": "y"}, 1)
    group = workshop.group(RECORDING)
    await workshop.evaluate(group, 30)
    assert len(workshop.ask("job:load:sum", 30)) == 2
    await workshop.put({"__name__": "load", "job": "x"}, STALE, 45)
    await workshop.evaluate(group, 60)
    assert [labels["job"] for labels in workshop.ask("job:load:sum", 60)] == ["y"]


ALERTING = """
groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
    for: 1m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} is {{ $value }} in {{ $externalLabels.cluster }}"}
"""


async def test_an_alert_is_pending_then_fires_then_resolves(workshop: Any, labels_of: LabelsOf) -> None:
    group = workshop.group(ALERTING)
    states = []
    for at_s, value in ((0, 0), (30, 0), (60, 0), (90, 1), (120, 1)):
        await workshop.put({"__name__": "up", "job": "x"}, value, at_s)
        await workshop.evaluate(group, at_s)
        shown = workshop.ask("ALERTS", at_s)
        states.append(sorted(labels["alertstate"] for labels in shown))
        sent = [(alert.labels["alertname"], alert.is_resolved(workshop.clock.ms)) for alert in workshop.sink.take()]
        states.append(sent)
    assert states[0::2] == [["pending"], ["pending"], ["firing"], [], []]
    assert states[1::2] == [[], [], [("Down", False)], [("Down", True)], []]


async def test_the_annotations_are_expanded(workshop: Any) -> None:
    group = workshop.group(ALERTING)
    await workshop.put({"__name__": "up", "job": "x"}, 0, 0)
    await workshop.evaluate(group, 0)
    (alert,) = group.status().rules[0].alerts
    assert alert.annotations == Labels({"summary": "x is 0 in test"})
    assert alert.labels == Labels({"alertname": "Down", "job": "x", "severity": "page"})


async def test_later_rules_see_what_earlier_rules_of_the_round_found(workshop: Any, labels_of: LabelsOf) -> None:
    group = workshop.group(
        """
groups:
- name: g
  rules:
  - {record: a, expr: load * 2}
  - {record: b, expr: a + 1}
  - {record: c, expr: 'count({__name__=~"a|b"})'}
"""
    )
    await workshop.put("load", 1, 0)
    await workshop.evaluate(group, 0)
    assert workshop.ask("b", 0) == {labels_of("b"): 3.0}
    assert workshop.ask("c", 0) == {labels_of("c"): 2.0}
    await workshop.put("load", 2, 30)
    await workshop.evaluate(group, 30)
    assert workshop.ask("b", 30) == {labels_of("b"): 5.0}


def rule(text: str, group: str = "") -> str:
    return f"groups: [{{name: g, {group} rules: [{text}]}}]"


async def test_a_scalar_is_recorded_without_labels(workshop: Any, labels_of: LabelsOf) -> None:
    await workshop.evaluate(workshop.group(rule("{record: two, expr: '1 + 1'}")), 0)
    assert workshop.ask("two", 0) == {labels_of("two"): 2.0}


async def test_an_empty_label_of_a_rule_takes_a_label_away(workshop: Any, labels_of: LabelsOf) -> None:
    await workshop.put({"__name__": "load", "i": "1", "job": "x"}, 4)
    await workshop.evaluate(workshop.group(rule("{record: r, expr: load, labels: {i: ''}}")), 0)
    assert workshop.ask("r", 0) == {labels_of("r", job="x"): 4.0}


async def test_labels_that_an_expression_makes_up_are_recorded(workshop: Any, labels_of: LabelsOf) -> None:
    await workshop.put({"__name__": "load", "job": "x"}, 4)
    expr = 'label_replace(load, "made", "up-$1", "job", "(.*)")'
    group = workshop.group(rule(f"{{record: r, expr: '{expr}'}}"))
    for at_s in (0, 30):
        await workshop.evaluate(group, at_s)
        assert workshop.ask("r", at_s) == {labels_of("r", job="x", made="up-x"): 4.0}


async def test_native_histograms_are_recorded_and_seen_by_later_rules(workshop: Any) -> None:
    labels, points = parse_series("h{job='x'} {{schema:0 sum:6 count:3 buckets:[1 2]}}")
    assert isinstance(points[0], HistogramPoint)
    refs = workshop.store.resolve("default", [labels])
    times = np.array([workshop.clock.ms])
    await workshop.store.append(SampleBatch("default", refs, times, np.zeros(1), None, {0: points[0].histogram}))
    group = workshop.group(rule("{record: r, expr: h * 2}, {record: c, expr: histogram_count(r)}"))
    await workshop.evaluate(group, 0)
    assert list(workshop.ask("c", 0).values()) == [6.0]
    assert list(workshop.ask("histogram_sum(r)", 0).values()) == [12.0]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "{record: r, expr: load, labels: {i: x}}",
            "vector contains metrics with the same labelset after applying rule labels",
        ),
        (
            "{alert: r, expr: load, labels: {i: x}}",
            "vector contains metrics with the same labelset after applying alert labels",
        ),
        ("{record: r, expr: '\"x\"'}", "rule result is not a vector or scalar"),
        ("{record: r, expr: 'load[5m]'}", "rule result is not a vector or scalar"),
        ("{record: r, expr: load}, {record: s, expr: vector(1)}", "exceeded limit of 1 with 2 series"),
        ("{alert: r, expr: load}", "exceeded limit of 1 with 2 alerts"),
    ],
)
async def test_an_evaluation_that_fails_says_why(workshop: Any, text: str, error: str) -> None:
    await workshop.put({"__name__": "load", "i": "1"}, 1)
    await workshop.put({"__name__": "load", "i": "2"}, 1)
    limit = "limit: 1," if "limit" in error else ""
    group = workshop.group(rule(text, limit))
    await workshop.evaluate(group, 0)
    status = group.status().rules[0]
    assert (status.health, status.last_error) == ("err", error)
    assert [rule.health for rule in group.status().rules[1:]] == ["ok"] * (len(group.rules) - 1)


async def test_rules_look_back_by_their_offset(workshop: Any) -> None:
    await workshop.put("load", 1, 0)
    await workshop.put("load", 2, 60)
    group = workshop.group(rule("{record: r, expr: load}", "query_offset: 1m,"))
    await workshop.evaluate(group, 90)
    result = workshop.engine.instant("r[5m]", workshop.clock.ms)
    assert result.ranges is not None
    assert (result.ranges.timestamps - T0).tolist() == [30_000]
    assert result.ranges.values.tolist() == [1.0]


async def test_a_group_lives_in_its_tenant(workshop: Any, labels_of: LabelsOf) -> None:
    await workshop.put("load", 1, 0, tenant="a")
    await workshop.put("load", 2, 0)
    await workshop.evaluate(workshop.group(rule("{record: r, expr: load}", "tenant: a,")), 0)
    assert workshop.ask("r", 0, "a") == {labels_of("r"): 1.0}
    assert workshop.ask("r", 0) == {}


async def test_templates_can_query(workshop: Any) -> None:
    await workshop.put({"__name__": "load", "job": "x"}, 7)
    annotation = '{{ with query "load" }}{{ . | first | value }} {{ . | first | label "job" }}{{ end }}'
    group = workshop.group(rule(f"{{alert: A, expr: vector(1), annotations: {{s: '{annotation}'}}}}"))
    await workshop.evaluate(group, 0)
    assert group.status().rules[0].alerts[0].annotations["s"] == "7 x"


async def test_a_template_that_fails_says_so_in_its_place(workshop: Any) -> None:
    group = workshop.group(rule("{alert: A, expr: vector(1), annotations: {s: '{{ humanize \"x\" }}'}}"))
    await workshop.evaluate(group, 0)
    text = group.status().rules[0].alerts[0].annotations["s"]
    assert text.startswith("<error expanding template: error executing template __alert_A: template: __alert_A:1:")
    assert text.endswith('strconv.ParseFloat: parsing "x": invalid syntax>')


async def test_since_when_an_alert_is_active_is_written(workshop: Any, labels_of: LabelsOf) -> None:
    group = workshop.group(rule("{alert: A, expr: vector(1), for: 5m}"))
    for at_s in (0, 60):
        await workshop.evaluate(group, at_s)
    assert workshop.ask("ALERTS_FOR_STATE", 60) == {labels_of("ALERTS_FOR_STATE", alertname="A"): T0 // 1000}


async def test_two_rules_that_write_one_series_do_not_agree(strict_workshop: Any) -> None:
    group = strict_workshop.group(rule("{record: r, expr: vector(1)}, {record: r, expr: vector(2)}"))
    await strict_workshop.evaluate(group, 0)
    assert [status.health for status in group.status().rules] == ["ok", "err"]
    assert "duplicate sample for timestamp" in group.status().rules[1].last_error


class Broken:
    """A store whose reads fail while it is told so."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.broken = True

    def __getattr__(self, name: str) -> Any:
        if self.broken and name in ("select", "select_many"):
            raise StoreUnreachable("the engine does not answer")
        return getattr(self._store, name)


async def test_an_evaluation_that_fails_resolves_nothing_and_alerts_are_kept_alive(workshop: Any) -> None:
    text = rule("{alert: A, expr: up == 0}, {record: r, expr: up}")
    store = Broken(workshop.store)
    store.broken = False
    group = RunningGroup(workshop.read(text)[0], replace(workshop.house, store=store))
    await workshop.put("up", 0, 0)
    await workshop.evaluate(group, 0)
    workshop.sink.take()
    store.broken = True
    for at_s in range(60, 600, 60):
        await workshop.evaluate(group, at_s)
    status = group.status().rules[0]
    assert (status.health, status.state.value) == ("err", "firing")
    assert "does not answer" in status.last_error
    sent = workshop.sink.take()
    assert len(sent) >= 4
    assert all(alert.ends_at > workshop.clock.ms - 60_000 for alert in sent[-2:])
    store.broken = False
    # What the rule looks at has a gap as long as the trouble: that alone ends nothing.
    await workshop.evaluate(group, 601)
    assert group.status().rules[0].state.value == "firing"
    await workshop.put("up", 1, 700)
    await workshop.evaluate(group, 960)
    assert group.status().rules[0].state.value == "inactive"


class Slow:
    """A store whose reads wait until they are let go."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.go = threading.Event()
        self.go.set()

    def __getattr__(self, name: str) -> Any:
        if name == "select_many":
            self.go.wait(30)
        return getattr(self._store, name)


async def test_firing_alerts_are_sent_while_a_round_waits(workshop: Any) -> None:
    store = Slow(workshop.store)
    around = replace(workshop.around, resend_delay_ms=50)
    (definition,) = workshop.read(rule("{alert: A, expr: up == 0}", "interval: 50ms,"))
    group = RunningGroup(definition, replace(workshop.house, store=store, around=around))
    await workshop.put("up", 0, 0)
    await workshop.evaluate(group, 0)
    workshop.sink.take()
    store.go.clear()
    waiting = asyncio.create_task(workshop.evaluate(group, 1))
    while len(workshop.sink.alerts) < 2:
        await asyncio.sleep(0.01)
    assert not waiting.done()
    assert {alert.labels["alertname"] for alert in workshop.sink.alerts} == {"A"}
    assert all(alert.ends_at > workshop.clock.ms for alert in workshop.sink.alerts)
    store.go.set()
    await waiting
    assert group.status().rules[0].state.value == "firing"
