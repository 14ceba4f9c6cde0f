"""When two histograms are the same, nearly the same, or apart by a counter reset."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram.layout import compact, rebucket, reduce_schema, shared_bounds, swallowed
from watchkeeper.model.histogram.values import Buckets, CounterReset, Histogram

_SMALLEST_NORMAL = 2.2250738585072014e-308


def same(a: Histogram, b: Histogram) -> bool:
    """Say whether both hold the same data: layout and, by their bits, all numbers; the hint does not count.

    Empty buckets count too (Prometheus' FloatHistogram.Equals).
    """
    scalars_a = np.array([a.count, a.sum, a.zero_count])
    scalars_b = np.array([b.count, b.sum, b.zero_count])
    return (
        a.schema == b.schema
        and a.zero_threshold == b.zero_threshold
        and a.custom_values == b.custom_values
        and _same_bits(scalars_a, scalars_b)
        and _same_buckets(a.positive, b.positive)
        and _same_buckets(a.negative, b.negative)
    )


def _same_buckets(a: Buckets, b: Buckets) -> bool:
    return np.array_equal(a.index, b.index) and _same_bits(a.count, b.count)


def _same_bits(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    return np.array_equal(np.ascontiguousarray(a).view(np.uint64), np.ascontiguousarray(b).view(np.uint64))


def almost_same(a: Histogram, b: Histogram, tolerance: float) -> bool:
    """Say whether both agree but for relative differences up to `tolerance` and for empty buckets.

    This is how Prometheus' test language compares an expected histogram with a result.
    """
    a, b = compact(a), compact(b)
    return (
        a.schema == b.schema
        and a.zero_threshold == b.zero_threshold
        and a.custom_values == b.custom_values
        and almost_equal(a.count, b.count, tolerance)
        and almost_equal(a.sum, b.sum, tolerance)
        and almost_equal(a.zero_count, b.zero_count, tolerance)
        and _almost_same_buckets(a.positive, b.positive, tolerance)
        and _almost_same_buckets(a.negative, b.negative, tolerance)
    )


def _almost_same_buckets(a: Buckets, b: Buckets, tolerance: float) -> bool:
    if not np.array_equal(a.index, b.index):
        return False
    return all(almost_equal(x, y, tolerance) for x, y in zip(a.count.tolist(), b.count.tolist(), strict=True))


def almost_equal(a: float, b: float, tolerance: float) -> bool:
    """Say whether two numbers agree but for a relative difference up to `tolerance`; NaN agrees with NaN."""
    if math.isnan(a) and math.isnan(b):
        return True
    if a == b:
        return True
    total = abs(a) + abs(b)
    difference = abs(a - b)
    if a == 0 or b == 0 or total < _SMALLEST_NORMAL:
        return difference < tolerance * _SMALLEST_NORMAL
    return difference / min(total, 1.7976931348623157e308) < tolerance


def detect_reset(previous: Histogram, current: Histogram) -> bool:
    """Say whether a counter was reset between two samples of a series (Prometheus' DetectReset).

    A hint YES or NO of `current` decides alone. Otherwise it is a reset where the count or any bucket fell, or the
    layout changed in a way that only a restart explains: finer buckets, a narrower zero bucket.
    """
    if current.reset is CounterReset.YES:
        return True
    if current.reset is CounterReset.NO:
        return False
    if current.count < previous.count:
        return True
    if current.uses_custom_buckets:
        if not previous.uses_custom_buckets:
            return True
        bounds = shared_bounds(current.custom_values, previous.custom_values)
        return _any_fell(rebucket(previous, bounds).positive, rebucket(current, bounds).positive)
    if previous.uses_custom_buckets or current.schema > previous.schema:
        return True
    return _exponential_reset(previous, current)


def _exponential_reset(previous: Histogram, current: Histogram) -> bool:
    threshold = current.zero_threshold
    if threshold < previous.zero_threshold:
        return True
    if threshold > previous.zero_threshold:
        taken = swallowed(previous, threshold)
        if taken.threshold != threshold:
            return True
        inside = previous.positive.count[taken.positive].sum() + previous.negative.count[taken.negative].sum()
        previous = Histogram(
            schema=previous.schema,
            zero_count=previous.zero_count + float(inside),
            positive=Buckets(previous.positive.index[~taken.positive], previous.positive.count[~taken.positive]),
            negative=Buckets(previous.negative.index[~taken.negative], previous.negative.count[~taken.negative]),
        )
    if current.zero_count < previous.zero_count:
        return True
    previous = reduce_schema(previous, current.schema)
    return _any_fell(previous.positive, current.positive) or _any_fell(previous.negative, current.negative)


def _any_fell(previous: Buckets, current: Buckets) -> bool:
    if not len(previous):
        return False
    if len(previous) == len(current) and np.array_equal(previous.index, current.index):
        return bool((current.count < previous.count).any())
    at = np.searchsorted(current.index, previous.index)
    present = at < len(current)
    present[present] = current.index[at[present]] == previous.index[present]
    if (previous.count[~present] != 0).any():
        return True
    return bool((current.count[at[present]] < previous.count[present]).any())
