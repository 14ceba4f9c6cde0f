"""Answers against expectations, with the tolerance of Prometheus' test language."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from watchkeeper.base.quoting import quote
from watchkeeper.model.histogram import Histogram, almost_equal, almost_same, to_literal
from watchkeeper.model.labels import Labels
from watchkeeper.query.promql.ast import ValueType
from watchkeeper.query.promql.numerals import format_plain
from watchkeeper.query.promql.printer import labels_text
from watchkeeper.query.promql.script.answer import Answer, AnsweredSeries, Value
from watchkeeper.query.promql.script.command import (
    Evaluation,
    Expectation,
    ExpectationKind,
    ExpectedSeries,
    HistogramPoint,
    Point,
)
from watchkeeper.query.promql.script.expecting import satisfies

_TOLERANCE = 0.000001


class Mismatch(Exception):
    """The answer is not what the script says."""


def compare(evaluation: Evaluation, answer: Answer) -> None:
    """Raise Mismatch where the answer's value is not the expected one."""
    if answer.kind is ValueType.STRING:
        if evaluation.string != answer.string:
            raise Mismatch(f"expected string {quote(evaluation.string or '')} but got {quote(answer.string)}")
        return
    if answer.kind is ValueType.SCALAR:
        _compare_scalar(evaluation, answer)
        return
    if evaluation.scalar is not None:
        raise Mismatch(f"expected scalar {_text(evaluation.scalar)}, but got {answer.kind.words}")
    if answer.kind is ValueType.VECTOR:
        _compare_vector(evaluation, answer)
    else:
        _compare_matrix(evaluation, answer)
    seen = {series.labels for series in answer.series}
    for expected in evaluation.series:
        if expected.labels not in seen:
            raise Mismatch(f"expected metric {labels_text(expected.labels)} with {_texts(expected.points)} not found")


def _compare_scalar(evaluation: Evaluation, answer: Answer) -> None:
    if evaluation.scalar is None:
        raise Mismatch(f"expected vector or matrix result, but got scalar {_text(_only(answer.series))}")
    value = answer.series[0].points[0][1]
    if not _agree(evaluation.scalar, value):
        raise Mismatch(f"expected scalar {_text(evaluation.scalar)} but got {_text(value)}")


def _only(series: Sequence[AnsweredSeries]) -> Point | Value:
    return series[0].points[0][1] if series else None


def _compare_vector(evaluation: Evaluation, answer: Answer) -> None:
    expected = {series.labels: series for series in evaluation.series}
    seen: set[object] = set()
    ordered = evaluation.expects(ExpectationKind.ORDERED)
    for position, series in enumerate(answer.series, 1):
        value = series.points[0][1]
        wanted = _wanted(expected, series, f"value {_text(value)}")
        if series.labels in seen:
            raise Mismatch(f"metric {labels_text(series.labels)} is twice in the result")
        seen.add(series.labels)
        if ordered and wanted.position != position:
            raise Mismatch(
                f"expected metric {labels_text(series.labels)} with {_texts(wanted.points)} at position "
                f"{wanted.position} but was at {position}"
            )
        if not wanted.points or not _agree(wanted.points[0], value):
            raise Mismatch(f"expected {_texts(wanted.points)} for {labels_text(series.labels)} but got {_text(value)}")


def _compare_matrix(evaluation: Evaluation, answer: Answer) -> None:
    if evaluation.expects(ExpectationKind.ORDERED):
        raise Mismatch("expected ordered result, but query returned a matrix")
    check_sorted(answer)
    expected = {series.labels: series for series in evaluation.series}
    for series in answer.series:
        shown = _shown(series)
        wanted = _points_in_time(evaluation, _wanted(expected, series, shown))
        name = labels_text(series.labels)
        if [time for time, _ in wanted] != [time for time, _ in series.points]:
            raise Mismatch(f"expected points at {[time for time, _ in wanted]} for {name}, but got {shown}")
        for (time, point), (_, value) in zip(wanted, series.points, strict=True):
            if not _agree(point, value):
                raise Mismatch(f"expected {_text(point)} at t={time} for {name}, but got {_text(value)} ({shown})")


def check_sorted(answer: Answer) -> None:
    """Raise Mismatch where a matrix is not sorted by its labels."""
    for one, other in pairwise(answer.series):
        if not one.labels < other.labels:
            raise Mismatch(
                "matrix results should always be sorted by labels, but "
                f"{labels_text(other.labels)} comes after {labels_text(one.labels)}"
            )


def _wanted(expected: dict[Labels, ExpectedSeries], series: AnsweredSeries, shown: str) -> ExpectedSeries:
    found = expected.get(series.labels)
    if found is None:
        raise Mismatch(f"unexpected metric {labels_text(series.labels)} in result, has {shown}")
    return found


def _points_in_time(evaluation: Evaluation, expected: ExpectedSeries) -> list[tuple[int, Point]]:
    times = evaluation.times
    points = [(times.start + i * times.step, point) for i, point in enumerate(expected.points)]
    if points and points[-1][0] > times.end:
        name = labels_text(expected.labels)
        raise Mismatch(f"expected {len(points)} points for {name}, but the query has not that many steps")
    return [(time, point) for time, point in points if point is not None]


def _agree(expected: Point, value: Value) -> bool:
    if isinstance(expected, HistogramPoint):
        if not isinstance(value, Histogram):
            return False
        if expected.tells_reset and expected.histogram.reset is not value.reset:
            return False
        return almost_same(expected.histogram, value, _TOLERANCE)
    if expected is None or isinstance(value, Histogram):
        return False
    return almost_equal(expected, value, _TOLERANCE)


def _text(point: Point | Value) -> str:
    if point is None:
        return "_"
    if isinstance(point, HistogramPoint):
        return to_literal(point.histogram)
    return to_literal(point) if isinstance(point, Histogram) else format_plain(point)


def _texts(points: Sequence[Point]) -> str:
    return " ".join(map(_text, points)) or "no value"


def _shown(series: AnsweredSeries) -> str:
    return "points " + " ".join(f"{_text(value)} @[{time}]" for time, value in series.points)


def check_annotations(evaluation: Evaluation, answer: Answer) -> None:
    """Raise Mismatch where the answer's warnings or infos are not the expected ones."""
    for kind, contrary, texts in (
        (ExpectationKind.WARN, ExpectationKind.NO_WARN, answer.warnings),
        (ExpectationKind.INFO, ExpectationKind.NO_INFO, answer.infos),
    ):
        if evaluation.expects(contrary) and texts:
            raise Mismatch(f"unexpected {kind} annotations: {list(texts)}")
        expectations = evaluation.expectations.get(kind)
        if expectations is not None:
            _check_texts(kind, expectations, texts)


def _check_texts(kind: ExpectationKind, expectations: Sequence[Expectation], texts: Sequence[str]) -> None:
    if not texts:
        raise Mismatch(f"expected {kind} annotations but none were found")
    for expectation in expectations:
        if not any(satisfies(expectation, text) for text in texts):
            raise Mismatch(f"expected {kind} annotation {_wording(expectation)}, found: {list(texts)}")
    for text in texts:
        if not any(satisfies(expectation, text) for expectation in expectations):
            raise Mismatch(f"unexpected {kind} annotation {quote(text)}")


def check_failure(evaluation: Evaluation, failure: str) -> None:
    """Raise Mismatch where a query's failure was not expected, or not with these words."""
    expectations = evaluation.expectations.get(ExpectationKind.FAIL)
    if expectations is None:
        raise Mismatch(f"error evaluating the query: {failure}")
    if not satisfies(expectations[0], failure):
        raise Mismatch(f"expected error {_wording(expectations[0])}, but got: {failure}")


def _wording(expectation: Expectation) -> str:
    if expectation.pattern is not None:
        return f"matching {quote(expectation.pattern)}"
    return quote(expectation.message or "")
