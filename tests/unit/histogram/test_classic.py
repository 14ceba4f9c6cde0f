"""Classic histograms: the kernels against plain definitions, and against native histograms of the same buckets."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels.buckets import bucket_fractions, bucket_quantiles
from watchkeeper.model.histogram import almost_equal, from_classic
from watchkeeper.query.promql.histograms_read import fraction, quantile

Bucket = tuple[float, float]
"""Upper bound and cumulative count."""


@dataclass(frozen=True)
class Forced:
    """Between which bounds counts had to be raised, and by how much at most."""

    low: float
    high: float
    difference: float


def coalesced(buckets: Iterable[Bucket]) -> list[Bucket]:
    rows: list[Bucket] = []
    for bound, count in sorted(buckets, key=lambda row: row[0]):
        if rows and rows[-1][0] == bound:
            rows[-1] = (bound, rows[-1][1] + count)
        else:
            rows.append((bound, count))
    return rows


def monotonic(rows: list[Bucket]) -> tuple[list[Bucket], Forced | None]:
    out, highest = rows[:1], rows[0][1]
    low, high, difference = math.inf, -math.inf, 0.0
    for bound, count in rows[1:]:
        if count != highest and not almost_equal(highest, count, 1e-12):
            if count < highest:
                low, high, difference = min(low, bound), max(high, bound), max(difference, highest - count)
            else:
                highest = count
        out.append((bound, highest))
    return out, Forced(low, high, difference) if difference > 0 else None


def plain_quantile(q: float, buckets: Iterable[Bucket]) -> tuple[float, Forced | None]:
    if math.isnan(q):
        return math.nan, None
    if q < 0 or q > 1:
        return (-math.inf if q < 0 else math.inf), None
    rows = coalesced(buckets)
    if rows[-1][0] != math.inf:
        return math.nan, None
    rows, forced = monotonic(rows)
    observations = rows[-1][1]
    if len(rows) < 2 or observations == 0:
        return math.nan, forced
    rank = q * observations
    at = bisect_left([count for _, count in rows[:-1]], rank)
    if at == len(rows) - 1:
        return rows[-2][0], forced
    end, count = rows[at]
    if at == 0 and end <= 0:
        return end, forced
    start, before = rows[at - 1] if at > 0 else (0.0, 0.0)
    own = count - before
    return (start + (end - start) * ((rank - before) / own) if own else math.nan), forced


def plain_fraction(lower: float, upper: float, buckets: Iterable[Bucket]) -> float:
    rows = coalesced(buckets)
    count = rows[-1][1]
    if rows[-1][0] != math.inf or count == 0 or math.isnan(lower) or math.isnan(upper):
        return math.nan
    return 0.0 if lower >= upper else (plain_rank(rows, upper) - plain_rank(rows, lower)) / count


def plain_rank(rows: list[Bucket], value: float) -> float:
    start, rank, most = (0.0 if rows[0][0] > 0 else -math.inf), 0.0, rows[-1][1]
    for end, count in rows:
        if start >= value:
            return min(rank, most)
        if end > value:
            inside = count if start == -math.inf else rank + (count - rank) * (value - start) / (end - start)
            return min(inside, most)
        start, rank = end, count
    return most


def in_columns(buckets: list[Bucket]) -> tuple[np.ndarray, ...]:
    rows = sorted(buckets, key=lambda row: row[0])
    n = len(rows)
    return (
        np.arange(n),
        np.array([0, n]),
        np.array([bound for bound, _ in rows]),
        np.array([[count] for _, count in rows], dtype=np.float64),
        np.ones((n, 1), dtype=np.bool_),
    )


def fast_quantile(q: float, buckets: list[Bucket]) -> tuple[float, Forced | None]:
    out, found, forced = np.empty((1, 1)), np.empty((1, 1), dtype=np.bool_), np.zeros((1, 6))
    bucket_quantiles(*in_columns(buckets), np.array([q]), 0, 1, out, found, forced)
    assert found.all()
    return float(out[0, 0]), Forced(*forced[0, 3:].tolist()) if forced[0, 0] else None


def fast_fraction(lower: float, upper: float, buckets: list[Bucket]) -> float:
    out, found = np.empty((1, 1)), np.empty((1, 1), dtype=np.bool_)
    bucket_fractions(*in_columns(buckets), np.array([lower]), np.array([upper]), 0, 1, out, found)
    assert found.all()
    return float(out[0, 0])


bounds = st.sampled_from([-5.0, -1.0, -0.5, 0.0, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0])
ranks = st.one_of(st.floats(0, 1), st.sampled_from([-0.1, 1.1, math.nan]))
edges = st.one_of(st.floats(-12, 12), st.sampled_from([math.inf, -math.inf, math.nan]))


@st.composite
def any_buckets(draw: st.DrawFn) -> list[Bucket]:
    finite = draw(st.lists(st.tuples(bounds, st.integers(0, 40).map(float)), max_size=7))
    return [*finite, (draw(st.sampled_from([math.inf, math.inf, math.inf, 20.0])), float(draw(st.integers(0, 40))))]


@st.composite
def good_buckets(draw: st.DrawFn) -> list[Bucket]:
    chosen = sorted(draw(st.sets(bounds, min_size=1, max_size=7)))
    counts = np.cumsum([draw(st.integers(0, 9)) for _ in range(len(chosen) + 1)]).astype(float).tolist()
    return list(zip([*chosen, math.inf], counts, strict=True))


@given(ranks, any_buckets())
def test_the_quantile_kernel_is_the_plain_definition(q: float, buckets: list[Bucket]) -> None:
    (fast, fast_forced), (plain, plain_forced) = fast_quantile(q, buckets), plain_quantile(q, buckets)
    assert fast == pytest.approx(plain, nan_ok=True)
    assert fast_forced == plain_forced


@given(edges, edges, any_buckets())
def test_the_fraction_kernel_is_the_plain_definition(lower: float, upper: float, buckets: list[Bucket]) -> None:
    fast, plain = fast_fraction(lower, upper, buckets), plain_fraction(lower, upper, buckets)
    assert fast == pytest.approx(plain, nan_ok=True)


@given(st.floats(0, 1), good_buckets())
def test_custom_buckets_answer_as_the_classic_ones_they_come_from(q: float, buckets: list[Bucket]) -> None:
    """But for ranks on the verge of a bucket, where native histograms look from the nearer end."""
    h = from_classic(buckets)
    if any(math.isclose(q * h.count, count, abs_tol=1e-6) for _, count in [(0, 0.0), *buckets]):
        return
    assert quantile(q, h).value == pytest.approx(plain_quantile(q, buckets)[0], nan_ok=True)


@given(edges, edges, good_buckets())
def test_fractions_of_custom_buckets_are_those_of_the_classic_ones(
    lower: float, upper: float, buckets: list[Bucket]
) -> None:
    h = from_classic(buckets)
    around_zero = any(low < 0 <= high for (low, _), (high, _) in pairwise(buckets)) or buckets[0][0] == 0
    if around_zero or buckets[0][1] == 0:
        # Prometheus takes a native bucket around 0 for the zero bucket, and the lowest populated one for the lowest.
        return
    assert fraction(lower, upper, h).value == pytest.approx(plain_fraction(lower, upper, buckets), nan_ok=True)


def test_what_does_not_rise_is_repaired() -> None:
    buckets = [(0.1, 20.0), (1.0, 10.0), (10.0, 50.0), (100.0, 40.0), (1000.0, 90.0), (math.inf, 80.0)]
    assert fast_quantile(0.01, buckets)[0] == pytest.approx(0.0045)
    assert fast_quantile(0.5, buckets) == (pytest.approx(8.5), Forced(1.0, math.inf, 10.0))
    assert fast_quantile(0.99, buckets)[0] == pytest.approx(979.75)
