"""A backtest tells what the rule engine would have told, had the rules been there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from rule_stepping import Fired, stepped
from watchkeeper.model.labels import Labels
from watchkeeper.model.nights import Nights
from watchkeeper.model.samples import SampleBatch
from watchkeeper.query.promql import Cancellation, EngineOptions, QueryCancelled
from watchkeeper.query.promql.script import HistogramPoint, parse_series
from watchkeeper.rules.backtest import Aim, AimFailure, Backtest, BacktestFailure, History, Question

T0 = 1_763_700_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE


async def fill(workshop: Any, metric: str, series: dict[str, Sequence[float]], step_ms: int = MINUTE) -> None:
    """Store samples `step_ms` apart from T0 on; NaN leaves one out."""
    labels = [Labels({"__name__": metric, "host": host}) for host in series]
    refs = workshop.store.resolve("default", labels)
    rows = [np.array(values, dtype=np.float64) for values in series.values()]
    kept = [np.flatnonzero(~np.isnan(row)) for row in rows]
    batch = SampleBatch(
        "default",
        np.concatenate([np.full(at.size, ref, dtype=np.int32) for at, ref in zip(kept, refs, strict=True)]),
        np.concatenate([T0 + at * step_ms for at in kept]),
        np.concatenate([row[at] for at, row in zip(kept, rows, strict=True)]),
    )
    outcome = await workshop.store.append(batch)
    assert not outcome.refused, outcome


def noise(seed: int, length: int, gaps: float = 0.05) -> list[float]:
    """A level that wanders between 0 and 1, with gaps."""
    dice = random.Random(seed)
    level, values = 0.5, list[float]()
    for _ in range(length):
        level = min(1.0, max(0.0, level + dice.uniform(-0.2, 0.2)))
        values.append(float("nan") if dice.random() < gaps else level)
    return values


def backtest(workshop: Any, text: str, question: Question, most_steps: int = 4000) -> History:
    made = Backtest(workshop.engine, workshop.store, workshop.around, most_steps=most_steps)
    return made.run(workshop.read(text), question)


def as_fired(history: History) -> dict[str, list[Fired]]:
    return {
        one.rule.name: [
            Fired(f.labels, f.annotations, f.pending_since, f.since, f.until, f.value, f.peak) for f in one.firings
        ]
        for one in history.rules
        if one.firings
    }


RULES = {
    "thresholds, for and keep_firing_for": """
groups:
- name: g
  rules:
  - alert: Full
    expr: level > 0.8
    for: 3m
    keep_firing_for: 4m
    labels: {severity: page, where: "{{ $labels.host | toUpper }}"}
    annotations:
      summary: "{{ $labels.host }} is at {{ $value | humanizePercentage }} in {{ $externalLabels.cluster }}"
  - alert: Near
    expr: level > 0.7
    keep_firing_for: 90s
  - alert: Gone
    expr: absent(level{host="a"})
    for: 1m
""",
    "recorded metrics feed later rules and groups": """
groups:
- name: first
  rules:
  - record: host:level:avg
    expr: avg_over_time(level[5m])
    labels: {from: rule}
  - alert: High
    expr: host:level:avg > 0.7
    for: 2m
    annotations: {others: '{{ range query "count(host:level:avg > 0.7)" }}{{ .Value }}{{ end }}'}
- name: second
  interval: 2m
  rules:
  - alert: AllHigh
    expr: min(host:level:avg) > 0.5 and count(host:level:avg) > 1
  - alert: Flaps
    expr: changes(host:level:avg[10m]) > 5 unless on(host) ALERTS{alertname="High",alertstate="firing"}
""",
    "a rule may read what it or a later one wrote before": """
groups:
- name: g
  rules:
  - record: total
    expr: (total or vector(0)) + scalar(max(level) > bool 0.8)
  - alert: Early
    expr: later > 0.8
  - record: later
    expr: level
  - alert: Sticky
    expr: level > 0.9 or (level > 0.7 and on(host) ALERTS{alertname="Sticky"})
  - alert: Many
    expr: total > 20
""",
    "labels that follow the value": """
groups:
- name: g
  rules:
  - alert: Band
    expr: level > 0.6
    for: 1m
    labels: {severity: '{{ if gt $value 0.9 }}critical{{ else }}warning{{ end }}'}
""",
    "evaluations that fail for some instants only": """
groups:
- name: g
  rules:
  - alert: OneToMany
    expr: level * on() group_left() (level > 0.85) > 0.3
    for: 2m
    keep_firing_for: 1m
  - alert: SameLabels
    expr: level > 0.8
    labels: {host: ""}
  - record: same
    expr: level > 0.7
    labels: {host: ""}
  - alert: OfSame
    expr: same > 0.75
  - record: few
    expr: level > 0.5
""",
    "limits": """
groups:
- name: g
  limit: 1
  rules:
  - record: few
    expr: level > 0.6
  - alert: Limited
    expr: level > 0.7
    for: 1m
    keep_firing_for: 2m
  - alert: OfFew
    expr: few > 0.8
  - alert: OfStates
    expr: ALERTS_FOR_STATE{alertname="Limited"} > 0 and on(host) level > 0.75
""",
    "times of day, offsets and what depends on the range": """
groups:
- name: g
  query_offset: 90s
  rules:
  - record: r
    expr: max_over_time(level[2m:30s] offset 1m)
  - alert: Edge
    expr: r > level @ end()
    for: 1m
  - alert: EvenMinute
    expr: (minute() % 10 < 3) * on() group_right() (level > 0.5)
  - alert: Scalar
    expr: scalar(max(level)) > bool 0.5
""",
}


@pytest.mark.parametrize("text", RULES.values(), ids=RULES.keys())
async def test_it_finds_what_the_rule_engine_finds_step_by_step(workshop: Any, text: str) -> None:
    length = 60
    series = {host: noise(i, length) for i, host in enumerate("abc")}
    series["a"][30:40] = [float("nan")] * 10
    await fill(workshop, "level", series)
    since, until = T0 + 90_000, T0 + length * MINUTE
    history = backtest(workshop, text, Question(since, until))
    twin = await stepped(workshop.house, workshop.read(text), since, until)
    assert as_fired(history) == twin.firings
    assert {one.rule.name: sum(one.failures.values()) for one in history.rules if one.failures} == twin.failures
    assert twin.firings


async def test_it_makes_no_difference_in_how_many_pieces_the_time_is_evaluated(workshop: Any) -> None:
    await fill(workshop, "level", {host: noise(i, 60) for i, host in enumerate("abc")})
    question = Question(T0 + 90_000, T0 + HOUR)
    for text in (RULES["recorded metrics feed later rules and groups"], RULES["limits"]):
        whole = as_fired(backtest(workshop, text, question))
        assert as_fired(backtest(workshop, text, question, most_steps=7)) == whole
        assert whole


def square(length: int, period: int, high: int) -> list[float]:
    """0.2, and 0.9 for the last `high` of every `period` samples."""
    return [0.9 if i % period >= period - high else 0.2 for i in range(length)]


FULL = """
groups:
- name: g
  rules:
  - alert: Full
    expr: level > 0.8
    for: 2m
    annotations: {summary: "{{ $labels.host }} is at {{ $value }}"}
  - alert: Low
    expr: level < 0.5
"""


async def test_what_is_recorded_already_under_the_names_of_the_file_does_not_count(workshop: Any) -> None:
    await fill(workshop, "host:level", {"a": [5.0] * 60})
    await fill(workshop, "level", {"a": [0.2] * 60})
    text = """
groups:
- name: g
  rules:
  - record: host:level
    expr: level
  - alert: Full
    expr: max_over_time(host:level[5m]) > 0.8
"""
    (full,) = backtest(workshop, text, Question(T0 + 30 * MINUTE, T0 + HOUR)).rules
    # What was stored before the beginning is the past that the rule would have seen.
    (firing,) = full.firings
    assert firing.since == T0 + 30 * MINUTE
    assert firing.until is not None
    assert firing.until <= T0 + 35 * MINUTE
    assert workshop.ask("host:level", 40 * 60) == {Labels({"__name__": "host:level", "host": "a"}): 5.0}


async def test_native_histograms_that_a_rule_records_are_seen_by_later_rules(workshop: Any) -> None:
    labels, points = parse_series("latency {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x30")
    ref = workshop.store.resolve("default", [labels])[0]
    histograms = {i: p.histogram for i, p in enumerate(points) if isinstance(p, HistogramPoint)}
    times = T0 + np.arange(len(points)) * MINUTE
    refs = np.full(len(points), ref, dtype=np.int32)
    await workshop.store.append(SampleBatch("default", refs, times, np.zeros(len(points)), None, histograms))
    text = """
groups:
- name: g
  rules:
  - {record: kept, expr: latency}
  - {alert: Counted, expr: histogram_count(kept) > 3}
  - {alert: There, expr: kept, annotations: {all: "{{ $value }}"}}
"""
    since, until = T0 + MINUTE, T0 + 20 * MINUTE
    history = backtest(workshop, text, Question(since, until))
    twin = await stepped(workshop.house, workshop.read(text), since, until)
    assert as_fired(history) == twin.firings
    assert set(twin.firings) == {"Counted", "There"}


async def test_totals_count_firings_nights_and_flaps(workshop: Any) -> None:
    await fill(workshop, "level", {"a": square(240, 30, 10), "b": [0.2] * 240})
    zone = ZoneInfo("Asia/Tokyo")
    question = Question(T0, T0 + 240 * MINUTE - 1, frozenset({"Full"}), nights=Nights(zone), flap_within_ms=30 * MINUTE)
    (full,) = backtest(workshop, FULL, question).rules
    assert full.totals.firings == len(full.firings) == 8
    assert full.totals.firing_ms == 8 * 8 * MINUTE - MINUTE + MINUTE - 1
    assert full.totals.flaps == 7
    assert full.totals.per_day == pytest.approx(48)
    # T0 is 13:40 in Tokyo.
    assert full.totals.at_night == 0
    assert full.firings[0].annotations == Labels({"summary": "a is at 0.9"})
    assert full.firings[0].pending_since == full.firings[0].since - 2 * MINUTE
    assert full.firings[-1].until is None


async def test_another_interval_stands_in_for_the_groups(workshop: Any) -> None:
    await fill(workshop, "level", {"a": square(240, 30, 10)})
    history = backtest(workshop, FULL, Question(T0, T0 + 4 * HOUR, frozenset({"Full"}), interval_ms=5 * MINUTE))
    assert history.evaluations == 49
    assert all(f.since % (5 * MINUTE) == 0 for f in history.rules[0].firings)


async def test_a_threshold_is_suggested_for_a_number_of_firings(workshop: Any) -> None:
    peaks = [0.85, 0.86, 0.87, 0.95, 0.99, 0.88]
    values = [peaks[i // 40] if i % 40 > 30 else 0.2 for i in range(240)]
    await fill(workshop, "level", {"a": values})
    week = 7 * 24
    question = Question(T0, T0 + 4 * HOUR, frozenset({"Full"}), aim=Aim(2 * week / 4, "2 in 4 hours"))
    (full,) = backtest(workshop, FULL, question).rules
    assert full.totals.firings == 6
    suggestion = full.suggestion
    assert suggestion is not None
    assert suggestion.threshold is not None
    assert 0.88 <= suggestion.threshold < 0.95
    counted = {level.threshold: level.firings for level in suggestion.levels}
    assert counted[0.8] == 6
    assert counted[suggestion.threshold] == 2
    assert "fired twice in 4h" in suggestion.text
    for threshold, count in counted.items():
        other = FULL.replace("level > 0.8", f"level > {threshold}")
        assert backtest(workshop, other, question).rules[0].totals.firings == count


async def test_thresholds_below_which_a_rule_fires_are_suggested_too(workshop: Any) -> None:
    await fill(workshop, "level", {"a": square(240, 30, 20)})
    text = "groups: [{name: g, rules: [{alert: Low, expr: '0.5 > level and on() vector(1)'}]}]"
    (low,) = backtest(workshop, text, Question(T0, T0 + 4 * HOUR, aim=Aim.parse("1/week"))).rules
    assert low.suggestion is not None
    assert low.suggestion.threshold is not None
    assert low.suggestion.threshold <= 0.2
    assert low.suggestion.levels[-1].firings == 0
    assert low.firings[0].peak == 0.2


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("level", "compares nothing"),
        ("level > other", "no number"),
        ("level > 1 or level < 0", "«or»"),
        ("level == 1", "no more and no less"),
        ("level > bool 1", "bool"),
    ],
)
async def test_no_threshold_is_suggested_where_there_is_none_to_vary(workshop: Any, expression: str, why: str) -> None:
    text = f"groups: [{{name: g, rules: [{{alert: A, expr: '{expression}'}}]}}]"
    (one,) = backtest(workshop, text, Question(T0, T0 + HOUR, aim=Aim.parse("1/week"))).rules
    assert one.suggestion is not None
    assert one.suggestion.threshold is None
    assert why in one.suggestion.text


async def test_a_backtest_can_be_broken_off_and_says_how_far_it_is(workshop: Any) -> None:
    await fill(workshop, "level", {"a": square(240, 30, 10)})
    cancellation = Cancellation()
    told: list[float] = []

    def progress(done: float) -> None:
        told.append(done)
        if done > 0.3:
            cancellation.cancel()

    made = Backtest(workshop.engine, workshop.store, workshop.around, cancellation, progress, most_steps=10)
    with pytest.raises(QueryCancelled):
        made.run(workshop.read(FULL), Question(T0, T0 + 4 * HOUR))
    assert told == sorted(told)
    assert 0.3 < told[-1] < 0.5


async def test_a_limit_on_samples_makes_smaller_steps_and_no_other_answer(workshop: Any) -> None:
    await fill(workshop, "level", {host: noise(i, 240) for i, host in enumerate("abc")})
    question = Question(T0, T0 + 4 * HOUR)
    whole = backtest(workshop, FULL, question)
    workshop.engine.use(EngineOptions(max_samples=100))
    assert as_fired(backtest(workshop, FULL, question)) == as_fired(whole)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (Question(T0, T0), "the end must come after the beginning"),
        (Question(T0, T0 + HOUR, frozenset({"Fool"})), "there is no alerting rule Fool: there is Full, Low"),
        (Question(T0 + 1, T0 + MINUTE // 2), "too short"),
        (Question(0, T0), "a shorter time or a longer interval would be right"),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(workshop: Any, question: Question, why: str) -> None:
    with pytest.raises(BacktestFailure, match=why):
        backtest(workshop, FULL, question)


def test_an_aim_that_is_none_is_refused() -> None:
    assert Aim.parse("2/day").per_week == 14
    with pytest.raises(AimFailure, match="1/week"):
        Aim.parse("weekly")
