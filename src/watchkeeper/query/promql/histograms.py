"""What PromQL answers for native histograms, and what it remarks about them; see the modules beside this one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from watchkeeper.base.quoting import quote
from watchkeeper.model.histogram import Histogram
from watchkeeper.query.promql.annotations import Annotations, Placed, for_metric

T = TypeVar("T")


class Note(Enum):
    """A remark about histograms: whether it is a warning, its text, and how it names the metric."""

    MIXED_WITH_FLOATS = (True, "encountered a mix of histograms and floats for metric name", "quoted")
    MIXED_WITH_FLOATS_AGGREGATED = (True, "encountered a mix of histograms and floats for aggregation", "")
    NOT_A_COUNTER = (True, "this native histogram metric is not a counter:", "quoted")
    NOT_A_GAUGE = (True, "this native histogram metric is not a gauge:", "quoted")
    MIXED_SCHEMAS = (
        True,
        "vector contains a mix of histograms with exponential and custom buckets schemas for metric name",
        "quoted",
    )
    CONFLICT_IN_ADDITION = (True, "conflicting counter resets during histogram addition", "")
    CONFLICT_IN_SUBTRACTION = (True, "conflicting counter resets during histogram subtraction", "")
    CONFLICT_IN_AGGREGATION = (True, "conflicting counter resets during histogram aggregation", "")
    RECONCILED_IN_ADDITION = (False, "mismatched custom buckets were reconciled during addition", "")
    RECONCILED_IN_SUBTRACTION = (False, "mismatched custom buckets were reconciled during subtraction", "")
    RECONCILED_IN_AGGREGATION = (False, "mismatched custom buckets were reconciled during aggregation", "")
    START_OVERLAPS = (
        True,
        "sample has start time that overlaps with previous sample timestamp for metric",
        "quoted",
    )
    QUANTILE_IS_NAN = (False, "input to histogram_quantile has NaN observations, result is NaN", "maybe")
    QUANTILE_IS_SKEWED = (
        False,
        "input to histogram_quantile has NaN observations, result is skewed higher",
        "maybe",
    )
    FRACTION_WITHOUT_NAN = (
        False,
        "input to histogram_fraction has NaN observations, which are excluded from all fractions",
        "maybe",
    )
    CLASSIC_AND_NATIVE = (True, "vector contains a mix of classic and native histograms", "maybe")
    IGNORED_IN_RANGE = (
        False,
        "ignored histograms in a range containing both floats and histograms for metric name",
        "quoted",
    )

    @property
    def is_warning(self) -> bool:
        """Say whether it is a warning rather than an info."""
        return self.value[0]

    def text(self, metric: str = "") -> str:
        """Prometheus' text, without its `PromQL warning:` and without a position."""
        _, words, naming = self.value
        if naming == "quoted":
            return f"{words} {quote(metric)}"
        return words + for_metric(metric) if naming else words


NO_NOTES: frozenset[Note] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """A result, or None where there is none, and the remarks that belong to it."""

    value: T | None
    notes: frozenset[Note] = NO_NOTES


HistogramOutcome = Outcome[Histogram]
FloatOutcome = Outcome[float]


def remark(notes: Iterable[Note], metric: str, annotations: Annotations, at: Placed) -> None:
    """Make the remarks about `metric` part of a query's annotations."""
    for note in notes:
        if note.is_warning:
            annotations.warn(note.text(metric), at)
        else:
            annotations.inform(note.text(metric), at)
