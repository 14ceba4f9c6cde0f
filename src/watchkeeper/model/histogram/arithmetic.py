"""Adding, subtracting and scaling histograms, with Prometheus' rules for unlike layouts and counter resets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram.bounds import upper_bounds
from watchkeeper.model.histogram.layout import rebucket, reduce_schema, shared_bounds, with_common_zero_bucket
from watchkeeper.model.histogram.values import (
    NO_BUCKETS,
    Buckets,
    CounterReset,
    Histogram,
    HistogramsIncompatible,
)


@dataclass(frozen=True, slots=True)
class Combined:
    """What two histograms make together.

    `conflicting_resets`: one said YES about a counter reset, the other NO. `bounds_reconciled`: their custom bounds
    differed, so that only the shared ones remain.
    """

    histogram: Histogram
    conflicting_resets: bool = False
    bounds_reconciled: bool = False


def scale(h: Histogram, factor: float) -> Histogram:
    """Every count and the sum times `factor`; below zero the result is a gauge."""
    return replace(
        h,
        count=h.count * factor,
        sum=h.sum * factor,
        zero_count=h.zero_count * factor,
        positive=Buckets(h.positive.index, h.positive.count * factor),
        negative=Buckets(h.negative.index, h.negative.count * factor),
        reset=CounterReset.GAUGE if factor < 0 else h.reset,
    )


def divide(h: Histogram, divisor: float) -> Histogram:
    """Every count and the sum over `divisor`; below zero the result is a gauge, at zero no bucket remains."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        count, total, zero = (np.array([h.count, h.sum, h.zero_count]) / divisor).tolist()
        positive = negative = NO_BUCKETS
        if divisor != 0:
            positive = Buckets(h.positive.index, h.positive.count / divisor)
            negative = Buckets(h.negative.index, h.negative.count / divisor)
    reset = CounterReset.GAUGE if divisor < 0 else h.reset
    return replace(h, count=count, sum=total, zero_count=zero, positive=positive, negative=negative, reset=reset)


def negate(h: Histogram) -> Histogram:
    """The histogram times −1."""
    return scale(h, -1.0)


def add(a: Histogram, b: Histogram) -> Combined:
    """a + b. Raises HistogramsIncompatible where only one of them has custom buckets."""
    return _combine(a, b, 1.0)


def subtract(a: Histogram, b: Histogram) -> Combined:
    """a − b, its counter-reset hint by the rules of addition: PromQL's `-` calls the result a gauge afterwards.

    Raises HistogramsIncompatible where only one of them has custom buckets.
    """
    return _combine(a, b, -1.0)


def aligned(a: Histogram, b: Histogram) -> tuple[Histogram, Histogram, bool]:
    """Both at one schema with one zero threshold or over their shared custom bounds, and whether bounds differed.

    Raises HistogramsIncompatible where only one of them has custom buckets.
    """
    if a.uses_custom_buckets != b.uses_custom_buckets:
        raise HistogramsIncompatible
    if a.uses_custom_buckets:
        if a.custom_values == b.custom_values:
            return a, b, False
        bounds = shared_bounds(a.custom_values, b.custom_values)
        return rebucket(a, bounds), rebucket(b, bounds), True
    a, b = with_common_zero_bucket(a, b)
    schema = min(a.schema, b.schema)
    return reduce_schema(a, schema), reduce_schema(b, schema), False


def combined_reset(a: CounterReset, b: CounterReset) -> tuple[CounterReset, bool]:
    """The hint of a sum of histograms with the hints `a` and `b`, and whether the two contradict each other."""
    if a is b:
        return a, False
    if CounterReset.GAUGE in (a, b):
        return CounterReset.GAUGE, False
    return CounterReset.UNKNOWN, CounterReset.UNKNOWN not in (a, b)


def _combine(a: Histogram, b: Histogram, sign: float) -> Combined:
    reset, conflicting = combined_reset(a.reset, b.reset)
    left, right, reconciled = aligned(a, b)
    histogram = replace(
        left,
        count=a.count + sign * b.count,
        sum=a.sum + sign * b.sum,
        zero_count=left.zero_count + sign * right.zero_count,
        positive=combine_buckets(left.positive, beyond_zero(right.positive, left), sign),
        negative=combine_buckets(left.negative, beyond_zero(right.negative, left), sign),
        reset=reset,
    )
    return Combined(histogram, conflicting, reconciled)


def beyond_zero(buckets: Buckets, like: Histogram) -> Buckets:
    """The buckets less those that lie wholly inside the zero bucket of `like`."""
    if like.zero_threshold == 0 or not len(buckets):
        return buckets
    if upper_bounds(buckets.index[:1], like.schema)[0] > like.zero_threshold:
        return buckets
    kept = upper_bounds(buckets.index, like.schema) > like.zero_threshold
    return Buckets(buckets.index[kept], buckets.count[kept])


def combine_buckets(a: Buckets, b: Buckets, sign: float) -> Buckets:
    """Counts of a plus `sign` times those of b, over the buckets that either has."""
    if not len(b):
        return a
    if len(a) == len(b) and (a.index is b.index or np.array_equal(a.index, b.index)):
        return Buckets(a.index, a.count + sign * b.count)
    index, at_a, at_b = union(a.index, b.index)
    count = np.zeros(len(index))
    count[at_a] = a.count
    count[at_b] += sign * b.count
    return Buckets(index, count)


def union(a: NDArray[np.int32], b: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.intp], NDArray[np.intp]]:
    """The rising union of two rising index arrays, and where each one's entries stand in it."""
    index = np.union1d(a, b)
    return index, np.searchsorted(index, a), np.searchsorted(index, b)
