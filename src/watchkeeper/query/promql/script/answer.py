"""A query's answer as a test script looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import SeriesBlock
from watchkeeper.query.promql.result import Result
from watchkeeper.query.promql.signatures import ValueType

Value: TypeAlias = float | Histogram


@dataclass(frozen=True, slots=True)
class AnsweredSeries:
    """One series of an answer: its points (ms, value) by rising time."""

    labels: Labels
    points: tuple[tuple[int, Value], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An instant vector's series have one point each; a scalar is one series without labels.

    The annotations are in Prometheus' words, with their positions: `PromQL warning: … (1:6)`.
    """

    kind: ValueType
    series: tuple[AnsweredSeries, ...] = ()
    string: str = ""
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()

    def at(self, time: int, kind: ValueType) -> Answer:
        """What an instant query of that kind at one step would have answered."""
        found = (
            AnsweredSeries(series.labels, ((time, value),))
            for series in self.series
            for moment, value in series.points
            if moment == time
        )
        return Answer(kind, tuple(found))


def answer_of(result: Result) -> Answer:
    """A result of the engine, point by point."""
    if result.ranges is not None:
        series = _ranges(result.ranges)
    else:
        series = tuple(_row(result, row) for row in range(len(result)))
    return Answer(result.kind, series, result.text, result.warnings, result.infos)


def _row(result: Result, row: int) -> AnsweredSeries:
    points: list[tuple[int, Value]] = []
    for step, time in enumerate(result.timestamps.tolist()):
        histogram = None if result.histograms is None else result.histograms[row, step]
        if histogram is not None:
            points.append((time, histogram))
        elif result.present[row, step]:
            points.append((time, float(result.values[row, step])))
    return AnsweredSeries(result.frame.labels(row), tuple(points))


def _ranges(block: SeriesBlock) -> tuple[AnsweredSeries, ...]:
    values: list[Value] = block.values.tolist()
    if block.histogram_at is not None:
        for at in (block.histogram_at >= 0).nonzero()[0].tolist():
            values[at] = block.histograms[block.histogram_at[at]]
    times: list[int] = block.timestamps.tolist()
    offsets: list[int] = block.offsets.tolist()
    points = list(zip(times, values, strict=True))
    return tuple(
        AnsweredSeries(block.frame.labels(row), tuple(points[offsets[row] : offsets[row + 1]]))
        for row in range(len(block))
    )
