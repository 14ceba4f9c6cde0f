"""Classic histograms (`le` buckets): the plain definitions that the evaluator's kernel is held against."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from watchkeeper.model.histogram import almost_equal

_INSIGNIFICANT = 1e-12
"""Relative differences between neighbouring buckets up to this are taken for rounding errors."""


@dataclass(frozen=True, slots=True)
class Monotonicity:
    """Between which bounds counts had to be raised, and by how much at most."""

    low: float
    high: float
    difference: float


@dataclass(frozen=True, slots=True)
class ClassicQuantile:
    """A quantile, and what had to be repaired for it."""

    value: float
    forced: Monotonicity | None = None


def coalesced(buckets: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Cumulative (upper bound, count) by rising bound, the counts of equal bounds added."""
    rows: list[tuple[float, float]] = []
    for bound, count in sorted(buckets, key=lambda row: row[0]):
        if rows and rows[-1][0] == bound:
            rows[-1] = (bound, rows[-1][1] + count)
        else:
            rows.append((bound, count))
    return rows


def monotonic(rows: list[tuple[float, float]]) -> tuple[list[tuple[float, float]], Monotonicity | None]:
    """The rows with no count below the one before; what was more than a rounding error is told."""
    out = rows[:1]
    highest = rows[0][1]
    low, high, difference = math.inf, -math.inf, 0.0
    for bound, count in rows[1:]:
        if count != highest and not almost_equal(highest, count, _INSIGNIFICANT):
            if count < highest:
                low, high, difference = min(low, bound), max(high, bound), max(difference, highest - count)
            else:
                highest = count
        out.append((bound, highest))
    return out, Monotonicity(low, high, difference) if difference > 0 else None


def classic_quantile(q: float, buckets: Iterable[tuple[float, float]]) -> ClassicQuantile:
    """`histogram_quantile` over classic buckets, in any order (Prometheus' BucketQuantile).

    NaN where the highest bound is not +Inf, there are fewer than two buckets or no observation. The lowest bucket
    starts at 0 where its bound is above; a rank in the +Inf bucket answers the highest finite bound.
    """
    if math.isnan(q):
        return ClassicQuantile(math.nan)
    if q < 0 or q > 1:
        return ClassicQuantile(-math.inf if q < 0 else math.inf)
    rows = coalesced(buckets)
    if not rows or rows[-1][0] != math.inf:
        return ClassicQuantile(math.nan)
    rows, forced = monotonic(rows)
    observations = rows[-1][1]
    if len(rows) < 2 or observations == 0 or math.isnan(observations):
        return ClassicQuantile(math.nan, forced)
    rank = q * observations
    at = bisect_left([count for _, count in rows[:-1]], rank)
    if at == len(rows) - 1:
        return ClassicQuantile(rows[-2][0], forced)
    end, count = rows[at]
    if at == 0 and end <= 0:
        return ClassicQuantile(end, forced)
    start, before = rows[at - 1] if at > 0 else (0.0, 0.0)
    own = count - before
    share = (rank - before) / own if own else math.nan
    return ClassicQuantile(start + (end - start) * share, forced)


def classic_fraction(lower: float, upper: float, buckets: Iterable[tuple[float, float]]) -> float:
    """`histogram_fraction` over classic buckets, in any order (Prometheus' BucketFraction)."""
    rows = coalesced(buckets)
    if not rows or rows[-1][0] != math.inf:
        return math.nan
    count = rows[-1][1]
    if count == 0 or math.isnan(lower) or math.isnan(upper):
        return math.nan
    if lower >= upper:
        return 0.0
    return (_classic_rank(rows, upper) - _classic_rank(rows, lower)) / count


def _classic_rank(rows: list[tuple[float, float]], value: float) -> float:
    start = 0.0 if rows[0][0] > 0 else -math.inf
    rank = 0.0
    for end, count in rows:
        if start >= value:
            return min(rank, rows[-1][1])
        if end > value:
            inside = count if start == -math.inf else rank + (count - rank) * (value - start) / (end - start)
            return min(inside, rows[-1][1])
        start, rank = end, count
    return rows[-1][1]
