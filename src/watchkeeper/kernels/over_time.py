"""The functions over range vectors that reduce one window to one number (conventions: `kernels.window`)."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel
from watchkeeper.kernels.rate import start_resets
from watchkeeper.kernels.sums import add_compensated
from watchkeeper.kernels.window import advance


class Reduction(IntEnum):
    """What becomes of a window; the names are PromQL's, less `_over_time`."""

    SUM = 0
    AVG = 1
    COUNT = 2
    STDVAR = 3
    STDDEV = 4
    FIRST = 5
    LAST = 6
    TS_OF_FIRST = 7
    TS_OF_LAST = 8
    TS_OF_MIN = 9
    TS_OF_MAX = 10
    PRESENT = 11
    MAD = 12
    CHANGES = 13
    RESETS = 14


@kernel
def _sum(values: NDArray[np.float64], lo: int, hi: int) -> float:
    total = compensation = 0.0
    for k in range(lo, hi):
        total, compensation = add_compensated(values[k], total, compensation)
    return total if math.isinf(total) else total + compensation


@kernel
def _avg(values: NDArray[np.float64], lo: int, hi: int) -> float:
    """The mean of the compensated sum; an incremental mean from where the sum would overflow."""
    total, compensation, mean = values[lo], 0.0, 0.0
    incremental = False
    for k in range(lo + 1, hi):
        count = float(k - lo + 1)
        if not incremental:
            t, c = add_compensated(values[k], total, compensation)
            if not math.isinf(t):
                total, compensation = t, c
                continue
            incremental = True
            mean = total / (count - 1)
            compensation /= count - 1
        share = (count - 1) / count
        mean, compensation = add_compensated(values[k] / count, share * mean, share * compensation)
    if incremental:
        return mean + compensation
    count = float(hi - lo)
    return total / count + compensation / count


@kernel
def _variance(values: NDArray[np.float64], lo: int, hi: int) -> float:
    """The population variance by Welford's method, compensated."""
    mean = mean_c = squares = squares_c = count = 0.0
    for k in range(lo, hi):
        count += 1
        delta = values[k] - (mean + mean_c)
        mean, mean_c = add_compensated(delta / count, mean, mean_c)
        squares, squares_c = add_compensated(delta * (values[k] - (mean + mean_c)), squares, squares_c)
    return (squares + squares_c) / count


@kernel
def _newest_extreme(values: NDArray[np.float64], lo: int, hi: int, sign: float) -> int:
    """The index of the greatest (`sign` 1) or least (−1) value, of equals the newest; NaN yields to anything."""
    best = lo
    for k in range(lo, hi):
        if sign * values[k] >= sign * values[best] or values[best] != values[best]:
            best = k
    return best


@kernel
def quantile_of_sorted(values: NDArray[np.float64], count: int, q: float) -> float:
    """The q-quantile of values[:count], which rise (NaN first), interpolated linearly; ±inf for q outside [0, 1]."""
    if count == 0 or math.isnan(q):
        return np.nan
    if q < 0:
        return -np.inf
    if q > 1:
        return np.inf
    rank = q * (count - 1)
    below = int(max(0.0, math.floor(rank)))
    above = min(count - 1, below + 1)
    weight = rank - math.floor(rank)
    return values[below] * (1 - weight) + values[above] * weight


@kernel
def _mad(values: NDArray[np.float64], lo: int, hi: int) -> float:
    """The median of the absolute deviations from the median; NaN as soon as one value is."""
    window = values[lo:hi].copy()
    if np.isnan(window).any():
        return np.nan
    window.sort()
    median = quantile_of_sorted(window, window.size, 0.5)
    for k in range(window.size):
        window[k] = abs(window[k] - median)
    window.sort()
    return quantile_of_sorted(window, window.size, 0.5)


@kernel
def _changes(values: NDArray[np.float64], lo: int, hi: int) -> float:
    count = 0
    for k in range(lo + 1, hi):
        if values[k] != values[k - 1] and not (math.isnan(values[k]) and math.isnan(values[k - 1])):
            count += 1
    return float(count)


@kernel
def _resets(
    timestamps: NDArray[np.int64], values: NDArray[np.float64], starts: NDArray[np.int64], lo: int, hi: int
) -> float:
    count = 0
    for k in range(lo + 1, hi):
        if values[k] < values[k - 1] or (
            starts.size > 0 and start_resets(starts[k - 1], timestamps[k - 1], starts[k], timestamps[k])
        ):
            count += 1
    return float(count)


@kernel
def _reduce(
    how: int, timestamps: NDArray[np.int64], values: NDArray[np.float64], starts: NDArray[np.int64], lo: int, hi: int
) -> float:
    if how == Reduction.SUM:
        return _sum(values, lo, hi)
    if how == Reduction.AVG:
        return _avg(values, lo, hi)
    if how == Reduction.COUNT:
        return float(hi - lo)
    if how == Reduction.STDVAR:
        return _variance(values, lo, hi)
    if how == Reduction.STDDEV:
        return math.sqrt(_variance(values, lo, hi))
    if how == Reduction.FIRST:
        return values[lo]
    if how == Reduction.LAST:
        return values[hi - 1]
    if how == Reduction.TS_OF_FIRST:
        return timestamps[lo] / 1000.0
    if how == Reduction.TS_OF_LAST:
        return timestamps[hi - 1] / 1000.0
    if how == Reduction.TS_OF_MIN:
        return timestamps[_newest_extreme(values, lo, hi, -1.0)] / 1000.0
    if how == Reduction.TS_OF_MAX:
        return timestamps[_newest_extreme(values, lo, hi, 1.0)] / 1000.0
    if how == Reduction.MAD:
        return _mad(values, lo, hi)
    if how == Reduction.CHANGES:
        return _changes(values, lo, hi)
    if how == Reduction.RESETS:
        return _resets(timestamps, values, starts, lo, hi)
    return 1.0


@kernel
def reduce_windows(
    how: int,
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    range_ms: int,
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """Reduce every window that holds a sample; `starts` are start timestamps for RESETS, or empty."""
    for i in range(first, last):
        lo = hi = offsets[i]
        stop = offsets[i + 1]
        for j in range(ends.size):
            lo = advance(timestamps, lo, stop, ends[j] - range_ms)
            hi = advance(timestamps, max(lo, hi), stop, ends[j])
            present[i, j] = hi > lo
            out[i, j] = _reduce(how, timestamps, values, starts, lo, hi) if hi > lo else np.nan


@kernel
def reduce_anchored(
    how: int,
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    range_ms: int,
    lookback: int,
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """As `reduce_windows`, with the newest sample at or before the window's left edge (within `lookback`) as baseline.

    A window without a sample of its own has no result.
    """
    for i in range(first, last):
        oldest = lo = hi = offsets[i]
        stop = offsets[i + 1]
        for j in range(ends.size):
            begin = ends[j] - range_ms
            oldest = advance(timestamps, oldest, stop, begin - lookback)
            lo = advance(timestamps, max(oldest, lo), stop, begin)
            hi = advance(timestamps, max(lo, hi), stop, ends[j])
            present[i, j] = hi > lo
            baseline = max(oldest, lo - 1)
            out[i, j] = _reduce(how, timestamps, values, starts, baseline, hi) if hi > lo else np.nan


@kernel
def extreme_windows(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    range_ms: int,
    sign: float,
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """The greatest (`sign` 1) or least (−1) value of each window; NaN only where all values are.

    `queue` holds the samples that may still become the window's extreme, best first.
    """
    longest = 0
    for i in range(first, last):
        longest = max(longest, offsets[i + 1] - offsets[i])
    queue = np.empty(longest + 1, dtype=np.int64)
    for i in range(first, last):
        lo = hi = offsets[i]
        stop = offsets[i + 1]
        head = tail = 0
        for j in range(ends.size):
            begin = ends[j] - range_ms
            lo = advance(timestamps, lo, stop, begin)
            hi = max(lo, hi)
            while head < tail and queue[head] < lo:
                head += 1
            while hi < stop and timestamps[hi] <= ends[j]:
                value = sign * values[hi]
                if value == value:
                    while head < tail and sign * values[queue[tail - 1]] <= value:
                        tail -= 1
                    if head == tail:
                        head = tail = 0
                    queue[tail] = hi
                    tail += 1
                hi += 1
            present[i, j] = hi > lo
            out[i, j] = values[queue[head]] if head < tail else np.nan


@kernel
def _place(window: NDArray[np.float64], count: int, value: float) -> int:
    """Where `value` stands or belongs in the rising window[:count]; NaN is the least."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        less = (window[middle] < value) or (math.isnan(window[middle]) and not math.isnan(value))
        if less:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def quantile_windows(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    range_ms: int,
    quantiles: NDArray[np.float64],
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """The quantiles[j]-quantile of each window, over a window that is kept sorted while it slides."""
    longest = 0
    for i in range(first, last):
        longest = max(longest, offsets[i + 1] - offsets[i])
    window = np.empty(longest + 1, dtype=np.float64)
    for i in range(first, last):
        lo: int = offsets[i]
        hi: int = lo
        stop: int = offsets[i + 1]
        count = 0
        for j in range(ends.size):
            begin = ends[j] - range_ms
            while lo < hi and timestamps[lo] <= begin:
                at = _place(window, count, values[lo])
                count -= 1
                for k in range(at, count):
                    window[k] = window[k + 1]
                lo += 1
            while hi < stop and timestamps[hi] <= ends[j]:
                if timestamps[hi] <= begin:
                    lo = hi + 1
                else:
                    at = _place(window, count, values[hi])
                    for k in range(count, at, -1):
                        window[k] = window[k - 1]
                    window[at] = values[hi]
                    count += 1
                hi += 1
            present[i, j] = count > 0
            out[i, j] = quantile_of_sorted(window, count, quantiles[j]) if count > 0 else np.nan
