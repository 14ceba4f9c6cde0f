"""`smoothed` instant vectors: values interpolated between the samples around each instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.window import smooth_instant, window_bounds
from watchkeeper.model.histogram import CounterReset, Histogram
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.model.samples import SeriesBlock
from watchkeeper.query.promql.ast import VectorSelector
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.histograms import HistogramOutcome, Note, Outcome, remark
from watchkeeper.query.promql.histograms_extended import interpolated
from watchkeeper.query.promql.value import Vector, no_histograms
from watchkeeper.query.promql.windows import HistogramSamples, Samples, split


def smoothed(context: Context, block: SeriesBlock, ends: NDArray[np.int64], at: VectorSelector) -> Vector:
    """Each series interpolated at the instants `ends` between the samples within the lookback around them."""
    n, s = len(block.frame), ends.size
    context.make_room(n, s)
    floats, histograms = split(block, use_starts=False)
    values = np.empty((n, s), dtype=np.float64)
    present = np.empty((n, s), dtype=np.bool_)
    lookback = context.lookback_ms
    context.rows(
        n,
        s,
        lambda first, last: smooth_instant(
            floats.offsets, floats.timestamps, floats.values, ends, lookback, first, last, values, present
        ),
    )
    frame = context.symbols.adopted(block.frame)
    vector = Vector(frame, values, present, np.zeros(n, dtype=np.bool_))
    return vector if histograms is None else _with_histograms(context, vector, floats, histograms, ends, at)


def _with_histograms(
    context: Context,
    vector: Vector,
    floats: Samples,
    held: HistogramSamples,
    ends: NDArray[np.int64],
    at: VectorSelector,
) -> Vector:
    """The histogram series smoothed too; where floats and histograms lie around an instant there is no value."""
    n, s = vector.shape
    low, high = ends - context.lookback_ms, ends + context.lookback_ms
    bounds = [np.empty((n, s), dtype=np.int64) for _ in range(4)]
    window_bounds(floats.offsets, floats.timestamps, low, high, 0, n, bounds[0], bounds[1])
    window_bounds(held.offsets, held.timestamps, low, high, 0, n, bounds[2], bounds[3])
    some = bounds[3] > bounds[2]
    mixed = some & (bounds[1] > bounds[0])
    histograms = no_histograms(n, s)
    names = vector.frame.column(METRIC_NAME)
    for i, j in np.argwhere(some).tolist():
        outcome: HistogramOutcome
        if mixed[i, j]:
            outcome = Outcome(None, frozenset({Note.MIXED_WITH_FLOATS}))
        else:
            inside = slice(int(bounds[2][i, j]), int(bounds[3][i, j]))
            outcome = _at(held.timestamps[inside].tolist(), held.histograms[inside], int(ends[j]))
        remark(outcome.notes, context.symbols[int(names[i])], context.annotations, at)
        histograms[i, j] = outcome.value
    return replace(vector, present=vector.present & ~mixed, histograms=histograms)


def _at(times: list[int], histograms: Sequence[Histogram], instant: int) -> HistogramOutcome:
    """The histogram at an instant: interpolated, or the last one where none follows; none where none precedes."""
    after = bisect_right(times, instant)
    if after == 0:
        return Outcome(None)
    before = after - 1
    if times[before] == instant or after == len(times):
        return Outcome(histograms[before])
    left, right = histograms[before], histograms[after]
    if left.uses_custom_buckets != right.uses_custom_buckets:
        return Outcome(None, frozenset({Note.MIXED_SCHEMAS}))
    is_counter = CounterReset.GAUGE not in (left.reset, right.reset)
    return interpolated(left, right, times[before], times[after], instant, is_counter=is_counter)
