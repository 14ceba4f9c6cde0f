"""Numbers read off one native histogram: quantiles, fractions, variance."""

from __future__ import annotations

import math

import numpy as np

from watchkeeper.model.histogram import Histogram, Table
from watchkeeper.model.histogram.bounds import exp2, log2
from watchkeeper.model.histogram.kahan import compensated
from watchkeeper.query.promql.histograms import FloatOutcome, Note, Outcome

_NAN_RESULT = frozenset({Note.QUANTILE_IS_NAN})
_SKEWED = frozenset({Note.QUANTILE_IS_SKEWED})
_WITHOUT_NAN = frozenset({Note.FRACTION_WITHOUT_NAN})


def average(h: Histogram) -> float:
    """`histogram_avg`: the sum over the count."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(h.sum) / np.float64(h.count))


def variance(h: Histogram) -> float:
    """`histogram_stdvar`: each bucket's observations taken at its geometric (custom: arithmetic) mean."""
    mean = average(h)
    table = Table(h)
    with np.errstate(all="ignore"):
        if h.uses_custom_buckets:
            middle = (table.upper + table.lower) / 2.0
        else:
            middle = np.sqrt(table.upper * table.lower)
            middle = np.where(table.upper < 0, -middle, middle)
            middle = np.where((table.lower <= 0) & (table.upper >= 0), 0.0, middle)
        away = middle - mean
        terms = table.count * away * away
    total = lost = 0.0
    for term in terms[table.count != 0].tolist():
        total, lost = compensated(term, total, lost)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(total + lost) / np.float64(h.count))


def deviation(h: Histogram) -> float:
    """`histogram_stddev`: the root of the variance."""
    squared = variance(h)
    return math.sqrt(squared) if squared >= 0 else math.nan


def quantile(q: float, h: Histogram) -> FloatOutcome:
    """`histogram_quantile` of a native histogram (Prometheus' HistogramQuantile).

    Interpolation is linear in custom buckets and in the zero bucket, exponential elsewhere. The search runs from the
    nearer end, but from below where NaN was observed, for those count without standing in a bucket.
    """
    if q < 0:
        return Outcome(-math.inf)
    if q > 1:
        return Outcome(math.inf)
    if h.count == 0 or math.isnan(q):
        return Outcome(math.nan)
    table = Table(h)
    forward = math.isnan(h.sum) or q < 0.5
    rank = q * h.count if forward else (1 - q) * h.count
    at, reached = _search(table, rank, forward=forward)
    lower, upper, own = _bucket(h, table, at)
    if h.uses_custom_buckets:
        if lower == -math.inf:
            if upper <= 0:
                return Outcome(upper)
            lower = 0.0
        elif upper == math.inf:
            return Outcome(lower)
    reached = min(reached, h.count)
    if reached < rank:
        return Outcome(math.nan, _NAN_RESULT) if math.isnan(h.sum) else Outcome(upper)
    rank = rank - (reached - own) if forward else reached - rank
    skewed = math.isnan(h.sum) and reached + float(table.count[at + 1 :].sum()) < h.count
    with np.errstate(divide="ignore", invalid="ignore"):
        fraction = float(np.float64(rank) / np.float64(own))
    value = _interpolated(lower, upper, fraction, linear=h.uses_custom_buckets)
    return Outcome(value, _SKEWED if skewed else frozenset())


def _search(table: Table, rank: float, *, forward: bool) -> tuple[int, float]:
    """The bucket (position in the table, −1 where there is none) that reaches `rank`, and the count up to it."""
    counts = table.count if forward else table.count[::-1]
    at, reached = -1, 0.0
    for i, count in enumerate(counts.tolist()):
        at = i
        if count == 0:
            continue
        reached += count
        if reached >= rank:
            break
    if at >= 0 and not forward:
        at = len(table) - 1 - at
    return at, reached


def _bucket(h: Histogram, table: Table, at: int) -> tuple[float, float, float]:
    """A bucket's bounds and count; the zero bucket of a one-sided histogram ends at 0."""
    if at < 0:
        return 0.0, 0.0, 0.0
    lower, upper = float(table.lower[at]), float(table.upper[at])
    if not h.uses_custom_buckets and lower < 0 < upper:
        if not len(h.negative) and len(h.positive):
            lower = 0.0
        elif not len(h.positive) and len(h.negative):
            upper = 0.0
    return lower, upper, float(table.count[at])


def _interpolated(lower: float, upper: float, fraction: float, *, linear: bool) -> float:
    if linear or lower <= 0 <= upper:
        return lower + (upper - lower) * fraction
    low, high = log2(abs(lower)), log2(abs(upper))
    if lower > 0:
        return exp2(low + (high - low) * fraction)
    return -exp2(high + (low - high) * (1 - fraction))


def fraction(lower: float, upper: float, h: Histogram) -> FloatOutcome:
    """`histogram_fraction` of a native histogram: the share of observations between two values.

    NaN observations count in the whole, but in no part of it.
    """
    if h.count == 0 or math.isnan(lower) or math.isnan(upper):
        return Outcome(math.nan)
    if lower >= upper:
        return Outcome(0.0)
    table = Table(h)
    counted = h.count
    notes: frozenset[Note] = frozenset()
    if math.isnan(h.sum):
        counted = float(np.add.accumulate(table.count)[-1]) if len(table) else 0.0
        if counted < h.count:
            notes = _WITHOUT_NAN
    below_upper = _rank(h, table, upper, counted)
    below_lower = _rank(h, table, lower, counted)
    return Outcome((below_upper - below_lower) / h.count, notes)


def _rank(h: Histogram, table: Table, value: float, counted: float) -> float:
    """How many observations lie below `value`, at most `counted`."""
    rank = 0.0
    for at, count in enumerate(table.count.tolist()):
        lower, upper = float(table.lower[at]), float(table.upper[at])
        around_zero = lower <= 0 <= upper
        if around_zero:
            lower, upper = _one_sided(h, lower, upper)
        if lower >= value:
            return min(rank, counted)
        if upper > value:
            linear = h.uses_custom_buckets or around_zero
            return min(_within(rank, count, lower, upper, value, linear=linear), counted)
        rank += count
    return counted


def _one_sided(h: Histogram, lower: float, upper: float) -> tuple[float, float]:
    if not len(h.negative) and len(h.positive):
        return 0.0, upper
    if not len(h.positive) and len(h.negative):
        return lower, 0.0
    return lower, upper


def _within(rank: float, count: float, lower: float, upper: float, value: float, *, linear: bool) -> float:
    """The rank of a value inside a bucket; an infinite bucket cannot be divided and lies wholly on one side."""
    if linear:
        if lower == -math.inf:
            return count
        return rank + count * (value - lower) / (upper - lower)
    low, high, here = log2(abs(lower)), log2(abs(upper)), log2(abs(value))
    share = (here - low) / (high - low) if value > 0 else 1 - (here - high) / (low - high)
    return rank + count * share
