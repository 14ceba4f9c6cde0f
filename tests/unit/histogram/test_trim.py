"""Cutting observations off at a threshold; counts and sums as Prometheus' own tests state them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watchkeeper.model.histogram import CUSTOM_BUCKETS, Buckets, Histogram, trim

BELOW, ABOVE = True, False


def dense(*counts: float) -> Buckets:
    return Buckets(np.arange(len(counts), dtype=np.int32), np.array(counts, dtype=np.float64))


def custom(bounds: tuple[float, ...], *counts: float, total: float = 33.0) -> Histogram:
    return Histogram(CUSTOM_BUCKETS, sum(counts), total, positive=dense(*counts), custom_values=bounds)


BOTH = Histogram(0, 34, 123.75, 0.001, 1, dense(2, 4, 8, 16), dense(1, 2))
POSITIVE = Histogram(0, 12, 8.0210678118654755, 0.5, 2, dense(10))
NEGATIVE = Histogram(0, 12, -8.0210678118654755, 0.5, 2, negative=dense(10))
ZERO = Histogram(0, 5, 0, 0.1, 5)
UNCOUNTED = Histogram(0, 0, -6.75, 0.01, 5, dense(2, 3), dense(1, 2, 3))
CUSTOM = custom((5, 10, 15, 20), 1, 6, 4, 3, 1, total=172.5)
BELOW_ZERO = custom((-10, 5, 10, 15, 20), 2, 1, 6, 4, 3, 1, total=172.5)
ONE = custom((), 100, total=100)
AT_ZERO = custom((0,), 1, 100)
AT_FIVE = custom((5,), 1, 100)


@pytest.mark.parametrize(
    ("h", "keep_below", "threshold", "count", "total"),
    [
        (BOTH, ABOVE, 0, 30.5, 120.20840280171308),
        (BOTH, BELOW, 0, 3.5, -3.5357839059327377),
        (BOTH, BELOW, 1.4142135624, 8, 0.2570938865989847),
        (BOTH, ABOVE, 1.4142135624, 26, 116.50067065070982),
        (BOTH, BELOW, 2, 10, 3.5355339059327373),
        (BOTH, ABOVE, 2, 24, 113.13708498984761),
        (BOTH, ABOVE, -1, 32, 119.50104602052653),
        (BOTH, BELOW, -1, 2, -2.8284271247461903),
        (BOTH, ABOVE, math.inf, 0, 0),
        (POSITIVE, ABOVE, 0.5, 10, 7.0710678118654755),
        (POSITIVE, ABOVE, 0.1, 11.6, 7.551067811865476),
        (POSITIVE, BELOW, 0.5, 2, 0.5),
        (POSITIVE, BELOW, 0.1, 0.4, 0.02),
        (NEGATIVE, BELOW, -0.5, 10, -7.0710678118654755),
        (NEGATIVE, BELOW, -0.1, 11.6, -7.551067811865476),
        (ZERO, ABOVE, 0.05, 1.25, 0.09375),
        (ZERO, BELOW, 0.05, 3.75, -0.09375),
        (ZERO, ABOVE, 0, 2.5, 0.125),
        (ZERO, ABOVE, 0.1, 0, 0),
        (UNCOUNTED, BELOW, -0.005, 7.25, -12.03019028017131),
        (UNCOUNTED, ABOVE, 0, 7.5, 5.669354249492381),
        (CUSTOM, BELOW, 15, 11, 97.5),
        (CUSTOM, ABOVE, 15, 4, 72.5),
        (CUSTOM, BELOW, 13, 9.4, 75.1),
        (CUSTOM, ABOVE, 13, 5.6, 94.9),
        (CUSTOM, BELOW, 7.5, 4, 21.25),
        (CUSTOM, BELOW, 50, 14, 150),
        (CUSTOM, BELOW, 0, 0, 0),
        (CUSTOM, BELOW, -math.inf, 0, 0),
        (BELOW_ZERO, BELOW, 2, 2.8, -23.2),
        (BELOW_ZERO, BELOW, -4, 2.4, -22.8),
        (BELOW_ZERO, BELOW, -15, 2, -30),
        (ONE, BELOW, 10, 0, 0),
        (ONE, ABOVE, 10, 0, 0),
        (ONE, ABOVE, math.inf, 0, 0),
        (AT_ZERO, BELOW, 10, 1, 0),
        (AT_ZERO, BELOW, -10, 1, -10),
        (AT_ZERO, ABOVE, 10, 100, 1000),
        (AT_ZERO, ABOVE, -10, 100, 0),
        (AT_FIVE, ABOVE, -10, 100, 500),
        (AT_FIVE, BELOW, 10, 1, 2.5),
        (AT_FIVE, BELOW, 2, 0.4, 0.4),
        (AT_FIVE, ABOVE, 2, 100.6, 502.1),
        (AT_FIVE, BELOW, -10, 0, 0),
        (AT_FIVE, ABOVE, 10, 100, 1000),
    ],
)
def test_what_is_kept(h: Histogram, keep_below: bool, threshold: float, count: float, total: float) -> None:
    kept = trim(h, threshold, keep_below=keep_below)
    assert kept.count == pytest.approx(count)
    assert kept.sum == pytest.approx(total)
    assert kept.custom_values == h.custom_values
    assert (kept.schema, kept.zero_threshold) == (h.schema, h.zero_threshold)


@pytest.mark.parametrize(
    ("h", "keep_below", "threshold"),
    [
        (BOTH, ABOVE, -math.inf),
        (BOTH, BELOW, math.inf),
        (POSITIVE, ABOVE, 0),
        (ZERO, BELOW, 0.1),
        (CUSTOM, BELOW, math.inf),
        (CUSTOM, ABOVE, -math.inf),
        (CUSTOM, ABOVE, 0),
        (ONE, BELOW, math.inf),
        (ONE, ABOVE, -math.inf),
        (AT_FIVE, ABOVE, 0),
    ],
)
def test_where_nothing_is_cut_off_count_and_sum_stay_exact(h: Histogram, keep_below: bool, threshold: float) -> None:
    assert trim(h, threshold, keep_below=keep_below) is h
