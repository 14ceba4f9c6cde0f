"""A query's answer as a test script looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
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
