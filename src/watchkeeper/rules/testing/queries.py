"""Answers to queries, held against those that a test expects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.base.duration import format_duration
from watchkeeper.base.quoting import quote
from watchkeeper.model.histogram import to_literal
from watchkeeper.model.labels import Labels
from watchkeeper.query.promql import Engine, PromqlFailure, Result, ValueType
from watchkeeper.query.promql.script import HistogramPoint, NotationFailure, parse_series
from watchkeeper.rules.number_text import exponent_text
from watchkeeper.rules.testing.file import ExpectedSample, QueryTest
from watchkeeper.rules.testing.texts import braced
from watchkeeper.store.failure import StoreFailure


@dataclass(frozen=True, slots=True)
class _Sample:
    """One sample; `histogram` is its text, empty for a float."""

    labels: Labels
    value: float
    histogram: str = ""

    def __str__(self) -> str:
        return f"{braced(self.labels)} {self.histogram or exponent_text(self.value).replace('e', 'E')}"


def query_problem(engine: Engine, test: QueryTest, start_ms: int, tenant: str, *, fuzzy: bool) -> str:
    """What is not as expected, or nothing; with `fuzzy` neighbouring floats are equal."""
    head = f"    expr: {quote(test.expr)}, time: {format_duration(test.eval_time_ms)},"
    try:
        got = _answered(engine.instant(test.expr, start_ms + test.eval_time_ms, tenant=tenant))
        expected = sorted((_expected(sample) for sample in test.exp_samples), key=lambda one: one.labels)
    except (PromqlFailure, StoreFailure, NotationFailure) as why:
        return f"{head} err: {why}"
    same = len(got) == len(expected) and all(
        _equal(one, other, fuzzy=fuzzy) for one, other in zip(got, expected, strict=True)
    )
    return "" if same else f"{head}\n        exp: {_shown(expected)}\n        got: {_shown(got)}"


def _answered(result: Result) -> list[_Sample]:
    if result.kind not in (ValueType.VECTOR, ValueType.SCALAR):
        raise NotationFailure("rule result is not a vector or scalar")
    return sorted((_sample(result, row) for row in range(len(result))), key=lambda one: one.labels)


def _sample(result: Result, row: int) -> _Sample:
    labels = result.frame.labels(row)
    if result.histograms is not None and (histogram := result.histograms[row, 0]) is not None:
        return _Sample(labels, 0.0, to_literal(histogram))
    return _Sample(labels, float(result.values[row, 0]))


def _expected(sample: ExpectedSample) -> _Sample:
    try:
        labels = parse_series(f"{sample.labels or '{}'} _")[0]
        if not sample.histogram:
            return _Sample(labels, sample.value)
        points = parse_series(f"{{}} {sample.histogram}")[1]
    except NotationFailure as why:
        raise NotationFailure(f"labels {quote(sample.labels)}: {why}") from None
    if len(points) != 1 or not isinstance(points[0], HistogramPoint):
        raise NotationFailure(f"labels {quote(sample.labels)}: expected one histogram, got {sample.histogram}")
    return _Sample(labels, 0.0, to_literal(points[0].histogram))


def _equal(one: _Sample, other: _Sample, *, fuzzy: bool) -> bool:
    if one.labels != other.labels or one.histogram != other.histogram:
        return False
    near = (math.nextafter(one.value, -math.inf), math.nextafter(one.value, math.inf)) if fuzzy else ()
    return one.value == other.value or other.value in near


def _shown(samples: Sequence[_Sample]) -> str:
    return ", ".join(map(str, samples)) or "nil"
