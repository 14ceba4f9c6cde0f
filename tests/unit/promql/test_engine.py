"""The engine's face: limits, cancelling, statistics, symbols, what is asked of a source."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from promql_memory import MemorySource

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.samples import STALE, Selection, SeriesBlock
from watchkeeper.model.symbols import Symbols
from watchkeeper.query.promql import (
    Cancellation,
    Engine,
    EngineOptions,
    PromqlFailure,
    QueryCancelled,
    QueryTimedOut,
    Result,
    TooManySamples,
    ValueType,
    WrongType,
    parse,
    warm,
)

MINUTE = 60_000


class Hands:
    """A clock that jumps `s` seconds each time it is read."""

    def __init__(self, s: float = 0.0) -> None:
        self.at = 0.0
        self.s = s

    def now_ms(self) -> int:
        return 0

    def monotonic_s(self) -> float:
        self.at += self.s
        return self.at


@pytest.fixture
def source() -> MemorySource:
    made = MemorySource()
    for i, job in enumerate(("api", "api", "web")):
        samples = [(t * 15_000, float(t * (i + 1))) for t in range(240)]
        made.add({"__name__": "hits_total", "job": job, "instance": str(i)}, samples)
    return made


def rows(result: Result) -> dict[str, list[float]]:
    """Values by the text of the labels, NaN where there is none."""
    out = {}
    for i in range(len(result)):
        values = np.where(result.present[i], result.values[i], math.nan).tolist()
        out[str(dict(result.frame.labels(i)))] = values
    return out


def test_an_instant_query_answers_a_vector(source: MemorySource) -> None:
    result = Engine(source).instant("sum by (job) (rate(hits_total[5m]))", 30 * MINUTE)
    assert result.kind is ValueType.VECTOR
    assert result.timestamps.tolist() == [30 * MINUTE]
    assert rows(result) == {"{'job': 'api'}": [pytest.approx(0.2)], "{'job': 'web'}": [pytest.approx(0.2)]}


def test_a_range_query_answers_a_matrix_sorted_by_labels(source: MemorySource) -> None:
    result = Engine(source).range("hits_total * -1", 0, 2 * MINUTE, MINUTE)
    assert result.kind is ValueType.MATRIX
    assert list(rows(result)) == [
        "{'instance': '0', 'job': 'api'}",
        "{'instance': '1', 'job': 'api'}",
        "{'instance': '2', 'job': 'web'}",
    ]
    assert result.values[1].tolist() == [0.0, -8.0, -16.0]


def test_a_scalar_and_a_string_have_kinds_of_their_own(source: MemorySource) -> None:
    engine = Engine(source)
    assert engine.instant("1 + 1", 0).kind is ValueType.SCALAR
    assert engine.instant("1 + 1", 0).values.tolist() == [[2.0]]
    text = engine.instant('"hello"', 0)
    assert (text.kind, text.text) == (ValueType.STRING, "hello")
    assert engine.range("1 + 1", 0, 10, 5).values.tolist() == [[2.0, 2.0, 2.0]]


def test_a_range_vector_brings_its_samples_with_their_own_times(source: MemorySource) -> None:
    source.add({"__name__": "ends"}, [(0, 1.0), (15_000, float(STALE)), (30_000, 2.0)])
    result = Engine(source).instant("ends[1m]", 40_000)
    assert result.kind is ValueType.MATRIX
    assert result.ranges is not None
    assert result.ranges.timestamps.tolist() == [0, 30_000]
    assert result.ranges.values.tolist() == [1.0, 2.0]


def test_a_range_query_wants_a_vector_or_a_scalar(source: MemorySource) -> None:
    with pytest.raises(WrongType, match='invalid expression type "range vector" for range query'):
        Engine(source).range("hits_total[5m]", 0, 10, 5)


def test_a_range_that_ends_before_it_starts_is_empty(source: MemorySource) -> None:
    result = Engine(source).range("sum(hits_total)", 10, 0, 5)
    assert len(result) == 0
    assert result.timestamps.size == 0


def test_selectors_ask_for_no_more_than_they_can_see(source: MemorySource) -> None:
    engine = Engine(source)
    cases = {
        "hits_total": (3_300_001, 3_600_000, True),
        "rate(hits_total[1m])": (3_540_001, 3_600_000, False),
        "hits_total offset 10m": (2_700_001, 3_000_000, True),
        "hits_total @ 60": (-239_999, 60_000, True),
        "rate(hits_total[1m] anchored)": (3_240_001, 3_600_000, False),
        "hits_total smoothed": (3_300_001, 3_900_000, False),
        "max_over_time(hits_total[10m:1m])": (2_760_001, 3_600_000, False),
        "start_timestamp(hits_total)": (3_300_001, 3_600_000, False),
    }
    for query, (start, end, newest_only) in cases.items():
        source.asked.clear()
        engine.instant(query, 60 * MINUTE)
        (asked,) = source.asked
        assert (asked.start, asked.end, asked.newest_only) == (start, end, newest_only), query


def test_equal_selections_are_fetched_once_and_all_before_evaluation(source: MemorySource) -> None:
    Engine(source).instant("hits_total / hits_total + rate(hits_total[5m])", 30 * MINUTE)
    assert len(source.asked) == 2


def test_what_no_step_changes_is_looked_at_once(source: MemorySource) -> None:
    result = Engine(source).range("hits_total @ 600 + hits_total", 0, 10 * MINUTE, MINUTE)
    assert [(s.start, s.end) for s in source.asked] == [(300_001, 600_000), (-299_999, 600_000)]
    assert result.values[0, -1] == 80.0


def test_too_many_samples_are_refused(source: MemorySource) -> None:
    engine = Engine(source, EngineOptions(max_samples=100))
    with pytest.raises(TooManySamples, match="query processing would load too many samples into memory"):
        engine.range("hits_total", 0, 60 * MINUTE, MINUTE)
    assert len(engine.instant("hits_total", MINUTE)) == 3


def test_a_result_too_large_for_memory_is_refused_before_it_is_made(source: MemorySource) -> None:
    engine = Engine(source, EngineOptions(max_bytes=1 << 20))
    with pytest.raises(TooManySamples, match="more than 1 MiB of memory"):
        engine.range("hits_total", 0, 60 * MINUTE, 1)


def test_a_cancelled_query_ends(source: MemorySource) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(QueryCancelled, match="query was canceled in expression evaluation"):
        Engine(source).instant("sum(hits_total)", 0, cancellation=cancellation)


def test_a_query_that_takes_too_long_ends(source: MemorySource) -> None:
    engine = Engine(source, clock=Hands(60))
    with pytest.raises(QueryTimedOut, match="query timed out in expression evaluation"):
        engine.instant("sum(hits_total)", 0, timeout_s=30)


def test_a_lookback_of_its_own_holds_for_one_query(source: MemorySource) -> None:
    engine = Engine(source)
    late = 240 * 15_000
    assert len(engine.instant("hits_total", late)) == 3
    assert len(engine.instant("hits_total", late, lookback_ms=10_000)) == 0


def test_another_source_may_answer_one_query(source: MemorySource) -> None:
    other = MemorySource()
    other.add({"__name__": "hits_total"}, [(0, 7.0)])
    assert rows(Engine(source).instant("hits_total", 0, source=other)) == {"{'__name__': 'hits_total'}": [7.0]}


def test_a_tree_is_answered_as_its_text_is(source: MemorySource) -> None:
    engine = Engine(source)
    query = "sum by (job) (rate(hits_total[step() * 5]))"
    by_text = engine.range(query, 0, 30 * MINUTE, MINUTE)
    by_tree = engine.range(parse(query), 0, 30 * MINUTE, MINUTE)
    assert np.array_equal(by_text.values, by_tree.values, equal_nan=True)


def test_start_timestamps_can_be_asked_for() -> None:
    source = MemorySource()
    source.add({"__name__": "a", "x": "1"}, [(0, 1.0, -5000)])
    source.add({"__name__": "a", "x": "2"}, [(0, 1.0)])
    engine = Engine(source)
    assert rows(engine.instant("start_timestamp(a)", 0)) == {"{'x': '1'}": [-5.0], "{'x': '2'}": [0.0]}
    assert len(engine.instant("start_timestamp(a + 1)", 0)) == 0


def test_samples_are_counted_by_step_as_prometheus_does(source: MemorySource) -> None:
    engine = Engine(source)
    result = engine.range("rate(hits_total[1m]) + hits_total @ 600", 10 * MINUTE, 12 * MINUTE, MINUTE, per_step=True)
    assert result.statistics.samples_per_step is not None
    assert result.statistics.samples_per_step.tolist() == [15, 15, 15]
    assert result.statistics.samples == 45


def test_made_up_labels_do_not_reach_the_store_s_symbols(source: MemorySource) -> None:
    engine = Engine(source)
    engine.instant("hits_total", MINUTE)
    before = len(source.symbols)
    result = engine.instant('label_replace(hits_total, "x", "new-$1", "instance", "(.*)")', MINUTE)
    assert sorted(result.frame.labels(i)["x"] for i in range(3)) == ["new-0", "new-1", "new-2"]
    engine.instant('count_values("v", hits_total)', MINUTE)
    assert len(source.symbols) == before


def test_blocks_over_different_symbols_are_joined_by_their_strings() -> None:
    class Two:
        """Each selection comes with symbols of its own."""

        def select(self, selection: Selection) -> SeriesBlock:
            name = next(m.value for m in selection.matchers if m.name == "__name__")
            symbols = Symbols()
            if name == "b":
                symbols.intern("something else first")
            codes = np.array([[symbols.intern(name), symbols.intern("x")]], dtype=np.int32)
            frame = LabelFrame(symbols, ("__name__", "job"), codes)
            return SeriesBlock(frame, np.array([0, 1]), np.array([0]), np.array([2.0]))

        def select_many(self, selections: list[Selection]) -> list[SeriesBlock]:
            return [self.select(selection) for selection in selections]

    assert rows(Engine(Two()).instant("a * b", 0)) == {"{'job': 'x'}": [4.0]}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("hits_total * on(job) hits_total", "found duplicate series for the match group"),
        ("-{job='api'} + on(job) hits_total", "many-to-many matching not allowed"),
        ("hits_total + on(job) sum by (job) (hits_total)", "many-to-one matching must be explicit"),
        ("hits_total * ignoring(instance) group_left hits_total", "found duplicate series for the match group"),
        ("sum without (job) (hits_total) * on() group_right(instance) vector(1)", "found duplicate series"),
        ("vector(1) * on() group_right(instance) hits_total", "grouping labels must ensure unique matches"),
        ('label_replace(hits_total, "instance", "", "", "")', "vector cannot contain metrics with the same labelset"),
        ("topk(NaN, hits_total)", "Parameter value is NaN"),
        ("topk(1e30, hits_total)", "overflows int64"),
        ('label_replace(hits_total, "a", "", "b", "(")', "invalid regular expression in label_replace"),
        ("double_exponential_smoothing(hits_total[5m], 2, 0.5)", "invalid smoothing factor"),
        ("avg_over_time(hits_total[5m] anchored)", "anchored modifier can only be used with"),
    ],
)  # fmt: skip
def test_what_the_data_do_not_allow_is_said(source: MemorySource, query: str, message: str) -> None:
    with pytest.raises(PromqlFailure, match=re.escape(message)):
        Engine(source).instant(query, MINUTE)


def test_remarks_carry_their_place_in_the_query(source: MemorySource) -> None:
    source.add({"__name__": "gauge"}, [(0, 1.0), (15_000, 2.0)])
    engine = Engine(source)
    result = engine.instant("1 +\n rate(gauge[1m])", 30_000)
    assert result.infos == (
        'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "gauge" (2:7)',
    )
    assert engine.instant("quantile(2, gauge)", 0).warnings == (
        "PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)",
    )


def test_names_go_at_once_where_their_removal_is_not_delayed(source: MemorySource) -> None:
    source.add({"__name__": "other_total", "job": "web", "instance": "9"}, [(0, 1.0)])
    engine = Engine(source, EngineOptions(delayed_name_removal=False))
    query = 'label_replace(-{__name__=~".+"}, "name", "$1", "__name__", "(.+)")'
    assert not any("name" in row for row in rows(engine.instant(query, 0)))


def test_deep_and_wide_expressions_are_answered_or_refused_clearly(source: MemorySource) -> None:
    engine = Engine(source)
    assert engine.instant(" + ".join(["1"] * 150), 0).values.tolist() == [[150.0]]
    for terms in (600, 20_000):
        try:
            assert engine.instant(" + ".join(["1"] * terms), 0).values.tolist() == [[float(terms)]]
        except PromqlFailure as failure:
            assert "nested too deeply" in str(failure)


def test_warming_reaches_kernels_and_can_be_stopped() -> None:
    asked = []
    warm(lambda: len(asked) < 2 and not asked.append(None))
    assert len(asked) == 2
