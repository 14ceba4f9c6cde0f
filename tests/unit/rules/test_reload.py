"""Groups over a reload, and what a failing group makes known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.model.labels import Labels
from watchkeeper.rules import RuleOptions, Rules
from watchkeeper.rules.distress import NAME, Distress
from watchkeeper.rules.group import RunningGroup

FIRST = """
groups:
- name: g
  rules:
  - {record: r, expr: vector(1)}
  - {alert: A, expr: vector(1), for: 5m}
  - {record: gone, expr: vector(1)}
"""
SECOND = """
groups:
- name: g
  interval: 30s
  rules:
  - {record: new, expr: vector(2)}
  - {alert: A, expr: vector(1) > 0, for: 5m}
  - {record: r, expr: vector(3)}
"""


async def test_a_changed_group_keeps_its_alerts_and_lost_rules_go_stale(workshop: Any) -> None:
    before = workshop.group(FIRST)
    for at_s in (0, 60):
        await workshop.evaluate(before, at_s)
    after = workshop.group(SECOND)
    after.take_over(before)
    assert after.status().last_evaluation == before.status().last_evaluation
    await workshop.evaluate(after, 90)
    (alert,) = after.status().rules[1].alerts
    assert alert.active_at == workshop.clock.ms - 90_000
    assert list(workshop.ask("r", 90).values()) == [3.0]
    assert workshop.ask("gone", 90) == {}


@pytest.fixture
async def rules(workshop: Any) -> AsyncIterator[Rules]:
    options = RuleOptions("http://watch.example")
    made = Rules(workshop.store, workshop.engine, workshop.sink, workshop.clock, CollectorRegistry(), options)
    yield made
    await made.stop()


async def test_a_group_that_is_as_before_goes_on_undisturbed(workshop: Any, rules: Rules) -> None:
    await rules.apply(workshop.read(FIRST), {"a": "b"})
    running = rules._loops["rules.yml", "g"].running
    await rules.apply(workshop.read(FIRST), {"a": "b"})
    assert rules._loops["rules.yml", "g"].running is running
    await rules.apply(workshop.read(SECOND), {"a": "b"})
    assert rules._loops["rules.yml", "g"].running is not running


async def test_new_external_labels_reach_the_templates(workshop: Any, rules: Rules) -> None:
    text = "groups: [{name: g, rules: [{alert: A, expr: vector(1), annotations: {s: '{{ $externalLabels.a }}'}}]}]"
    for value in ("x", "y"):
        await rules.apply(workshop.read(text), {"a": value})
        running = rules._loops["rules.yml", "g"].running
        await workshop.evaluate(running, 0)
        (alert,) = rules.groups()[0].rules[0].alerts
        assert alert.annotations == Labels({"s": value})


async def test_what_a_removed_group_wrote_goes_stale(workshop: Any, rules: Rules) -> None:
    await rules.apply(workshop.read(FIRST))
    running = rules._loops["rules.yml", "g"].running
    await workshop.evaluate(running, 0)
    await rules.apply([])
    assert rules.groups() == []
    workshop.clock.ms += 60_000
    await rules.mark_stale(running, workshop.clock.ms)
    assert workshop.ask("{__name__=~'r|gone|ALERTS.*'}", 60) == {}


async def test_a_group_is_evaluated_when_it_is_due(workshop: Any, rules: Rules) -> None:
    await rules.apply(workshop.read("groups: [{name: g, interval: 1s, rules: [{record: r, expr: vector(1)}]}]"))
    while rules.groups()[0].last_evaluation is None:
        workshop.clock.ms += 100
        await asyncio.sleep(0.02)
    assert rules.groups()[0].rules[0].health == "ok"


async def test_a_failing_group_is_known_after_a_minute_and_until_it_works(workshop: Any) -> None:
    (group,) = workshop.read(FIRST)
    distress = Distress(workshop.sink, "http://watch.example", 60_000)
    sent = []
    for at_s, errors in ((0, ["r: broken"]), (30, ["r: broken"]), (60, ["r: broken"]), (90, ()), (120, ())):
        await distress.note(group, errors, at_s * 1000)
        sent.append([(one.labels["alertname"], one.is_resolved(at_s * 1000)) for one in workshop.sink.take()])
    assert sent == [[], [], [(NAME, False)], [(NAME, True)], []]


async def test_a_short_trouble_is_not_told(workshop: Any) -> None:
    (group,) = workshop.read(FIRST)
    distress = Distress(workshop.sink, "http://watch.example", 60_000)
    for at_s in (0, 59):
        await distress.note(group, ["r: broken"], at_s * 1000)
    await distress.note(group, (), 120_000)
    assert workshop.sink.take() == []


async def test_a_group_without_trouble_has_no_errors(workshop: Any) -> None:
    running: RunningGroup = workshop.group(FIRST)
    await workshop.evaluate(running, 0)
    assert running.errors == []
