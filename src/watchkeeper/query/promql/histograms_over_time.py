"""`sum_over_time`, `avg_over_time`, `changes` and `resets` where native histograms are among the samples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from watchkeeper.model.histogram import (
    Histogram,
    HistogramMean,
    HistogramsIncompatible,
    HistogramSum,
    detect_reset,
    same,
)
from watchkeeper.query.promql.histograms import HistogramOutcome, Note, Outcome
from watchkeeper.query.promql.histograms_window import started_anew

Value = Histogram | float


def sum_over_time(histograms: Sequence[Histogram]) -> HistogramOutcome:
    """The sum of at least one histogram."""
    return _folded(HistogramSum(histograms[0]), histograms)


def avg_over_time(histograms: Sequence[Histogram]) -> HistogramOutcome:
    """The mean of at least one histogram."""
    return _folded(HistogramMean(histograms[0]), histograms)


def _folded(fold: HistogramSum | HistogramMean, histograms: Sequence[Histogram]) -> HistogramOutcome:
    try:
        for h in histograms[1:]:
            fold.add(h)
    except HistogramsIncompatible:
        return Outcome(None, frozenset({Note.MIXED_SCHEMAS}))
    notes: set[Note] = set()
    if fold.conflicting_resets:
        notes.add(Note.CONFLICT_IN_AGGREGATION)
    if fold.bounds_reconciled:
        notes.add(Note.RECONCILED_IN_AGGREGATION)
    return Outcome(fold.result(), frozenset(notes))


def changes(samples: Sequence[Value]) -> float:
    """How often the value changed, floats and histograms in time order; NaN equals NaN."""
    return float(sum(_differ(a, b) for a, b in pairwise(samples)))


def _differ(a: Value, b: Value) -> bool:
    if isinstance(a, Histogram) and isinstance(b, Histogram):
        return not same(a, b)
    if isinstance(a, Histogram) or isinstance(b, Histogram):
        return True
    return a != b and not (a != a and b != b)


def resets(samples: Sequence[Value], times: Sequence[int], starts: Sequence[int] = ()) -> float:
    """How often the counter was reset, floats and histograms in time order (int ms; `starts` may be empty)."""
    count = 0
    for i, (a, b) in enumerate(pairwise(samples)):
        anew = bool(starts) and started_anew(starts[i], times[i], starts[i + 1], times[i + 1])
        if isinstance(a, Histogram) and isinstance(b, Histogram):
            count += anew or detect_reset(a, b)
        elif isinstance(a, Histogram) or isinstance(b, Histogram):
            count += 1
        else:
            count += anew or b < a
    return float(count)
