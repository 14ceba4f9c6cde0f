"""Rounds of a group on the real store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import STALE

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
