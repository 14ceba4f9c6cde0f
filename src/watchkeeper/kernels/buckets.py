"""Quantiles and fractions of classic histograms: cumulative buckets as rows, all steps at once.

A histogram's buckets are the rows rows[starts[h]:starts[h + 1]] of `values` (n, s), ordered by their bound `bounds`
(n,); a bucket counts at a step only where `present` says so.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

_INSIGNIFICANT = 1e-12
_TINY = 2.2250738585072014e-308


@kernel
def _almost_equal(a: float, b: float) -> bool:
    """Say whether two counts differ by no more than a rounding error."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == b:
        return True
    both = abs(a) + abs(b)
    difference = abs(a - b)
    if a == 0 or b == 0 or both < _TINY:
        return difference < _INSIGNIFICANT * _TINY
    return difference / min(both, 1.7976931348623157e308) < _INSIGNIFICANT


@kernel
def _gather(
    rows: NDArray[np.int64],
    first: int,
    last: int,
    bounds: NDArray[np.float64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    step: int,
    bound: NDArray[np.float64],
    count: NDArray[np.float64],
) -> int:
    """Put one histogram's buckets at a step into `bound` and `count`, equal bounds added up; how many there are."""
    size = 0
    for r in range(first, last):
        i = rows[r]
        if not present[i, step]:
            continue
        if size > 0 and bound[size - 1] == bounds[i]:
            count[size - 1] += values[i, step]
        else:
            bound[size] = bounds[i]
            count[size] = values[i, step]
            size += 1
    return size


@kernel
def _make_monotonic(
    bound: NDArray[np.float64], count: NDArray[np.float64], size: int
) -> tuple[bool, float, float, float]:
    """Raise counts that fall from bucket to bucket; say whether by more than a rounding error, where, how far."""
    forced = False
    low, high, difference = np.inf, -np.inf, 0.0
    before = count[0]
    for k in range(1, size):
        here = count[k]
        if here == before:
            continue
        if _almost_equal(before, here):
            count[k] = before
        elif here < before:
            count[k] = before
            forced = True
            low = min(low, bound[k])
            high = max(high, bound[k])
            difference = max(difference, before - here)
        else:
            before = here
    return forced, low, high, difference


@kernel
def _quantile(q: float, bound: NDArray[np.float64], count: NDArray[np.float64], size: int) -> float:
    """The quantile of monotonic buckets of which the last one is +Inf."""
    if size < 2 or count[size - 1] == 0:
        return np.nan
    rank = q * count[size - 1]
    low, high = 0, size - 1
    while low < high:
        middle = (low + high) // 2
        if count[middle] >= rank:
            high = middle
        else:
            low = middle + 1
    if low == size - 1:
        return bound[size - 2]
    if low == 0 and bound[0] <= 0:
        return bound[0]
    start, inside = 0.0, count[low]
    if low > 0:
        start = bound[low - 1]
        inside -= count[low - 1]
        rank -= count[low - 1]
    return start + (bound[low] - start) * (rank / inside)


@kernel
def bucket_quantiles(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    bounds: NDArray[np.float64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    quantiles: NDArray[np.float64],
    first: int,
    last: int,
    out: NDArray[np.float64],
    found: NDArray[np.bool_],
    forced: NDArray[np.float64],
) -> None:
    """The quantiles[j]-quantile of the histograms first:last at each step j, as Prometheus' BucketQuantile.

    `forced` (h, 6) gathers what had to be made monotonic: how often, the first and last step, the least and greatest
    bound, the greatest difference.
    """
    widest = 0
    for h in range(first, last):
        widest = max(widest, starts[h + 1] - starts[h])
    bound = np.empty(widest, dtype=np.float64)
    count = np.empty(widest, dtype=np.float64)
    for h in range(first, last):
        forced[h, 0] = 0.0
        for j in range(quantiles.size):
            size = _gather(rows, starts[h], starts[h + 1], bounds, values, present, j, bound, count)
            q = quantiles[j]
            found[h, j] = size > 0
            out[h, j] = np.nan
            if size == 0 or math.isnan(q):
                continue
            if q < 0 or q > 1:
                out[h, j] = -np.inf if q < 0 else np.inf
                continue
            if bound[size - 1] != np.inf:
                continue
            raised, low, high, difference = _make_monotonic(bound, count, size)
            if raised:
                if forced[h, 0] == 0:
                    forced[h, 1] = j
                    forced[h, 3], forced[h, 4], forced[h, 5] = low, high, difference
                forced[h, 0] += 1
                forced[h, 2] = j
                forced[h, 3] = min(forced[h, 3], low)
                forced[h, 4] = max(forced[h, 4], high)
                forced[h, 5] = max(forced[h, 5], difference)
            out[h, j] = _quantile(q, bound, count, size)


@kernel
def _rank(value: float, bound: NDArray[np.float64], count: NDArray[np.float64], size: int) -> float:
    """How many observations lie below `value`."""
    start = 0.0 if bound[0] > 0 else -np.inf
    rank = 0.0
    for k in range(size):
        if k > 0:
            start = bound[k - 1]
        if start >= value:
            return rank
        if start < value < bound[k]:
            if start == -np.inf:
                return count[k]
            return rank + (count[k] - rank) * (value - start) / (bound[k] - start)
        rank = count[k]
    return count[size - 1]


@kernel
def bucket_fractions(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    bounds: NDArray[np.float64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    first: int,
    last: int,
    out: NDArray[np.float64],
    found: NDArray[np.bool_],
) -> None:
    """The share of the histograms' observations between lower[j] and upper[j] at step j (BucketFraction)."""
    widest = 0
    for h in range(first, last):
        widest = max(widest, starts[h + 1] - starts[h])
    bound = np.empty(widest, dtype=np.float64)
    count = np.empty(widest, dtype=np.float64)
    for h in range(first, last):
        for j in range(lower.size):
            size = _gather(rows, starts[h], starts[h + 1], bounds, values, present, j, bound, count)
            found[h, j] = size > 0
            out[h, j] = np.nan
            if size == 0 or bound[size - 1] != np.inf:
                continue
            total = count[size - 1]
            if total == 0 or math.isnan(lower[j]) or math.isnan(upper[j]):
                continue
            if lower[j] >= upper[j]:
                out[h, j] = 0.0
                continue
            below = min(_rank(upper[j], bound, count, size), total)
            out[h, j] = (below - min(_rank(lower[j], bound, count, size), total)) / total
