"""Window reductions against plain Python."""

from __future__ import annotations

import itertools
import math
import statistics

import numpy as np
import pytest
from csr_samples import RANGES, TAME, VALUES, Csr, cells, plain_quantile, same, samples, steps
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels.over_time import (
    Reduction,
    extreme_windows,
    quantile_windows,
    reduce_anchored,
    reduce_windows,
)
from watchkeeper.kernels.trend import regression_windows, smooth_windows

NO_STARTS = np.zeros(0, dtype=np.int64)
Window = list[tuple[int, float]]


def _sum(window: Window) -> float:
    return math.fsum(v for _, v in window)


def _extreme_time(window: Window, sign: float) -> float:
    best = window[0]
    for sample in window:
        if sign * sample[1] >= sign * best[1] or math.isnan(best[1]):
            best = sample
    return best[0] / 1000


PLAIN = {
    Reduction.SUM: _sum,
    Reduction.AVG: lambda w: _sum(w) / len(w),
    Reduction.COUNT: lambda w: float(len(w)),
    Reduction.STDVAR: lambda w: statistics.pvariance([v for _, v in w]),
    Reduction.STDDEV: lambda w: statistics.pstdev([v for _, v in w]),
    Reduction.FIRST: lambda w: w[0][1],
    Reduction.LAST: lambda w: w[-1][1],
    Reduction.TS_OF_FIRST: lambda w: w[0][0] / 1000,
    Reduction.TS_OF_LAST: lambda w: w[-1][0] / 1000,
    Reduction.TS_OF_MIN: lambda w: _extreme_time(w, -1),
    Reduction.TS_OF_MAX: lambda w: _extreme_time(w, 1),
    Reduction.PRESENT: lambda w: 1.0,
    Reduction.MAD: lambda w: statistics.median([abs(v - statistics.median([x for _, x in w])) for _, v in w]),
    Reduction.CHANGES: lambda w: float(sum(a[1] != b[1] for a, b in itertools.pairwise(w))),
    Reduction.RESETS: lambda w: float(sum(b[1] < a[1] for a, b in itertools.pairwise(w))),
}


@pytest.mark.parametrize("how", list(Reduction))
@given(csr=samples(TAME), ends=steps(), range_ms=RANGES)
def test_a_reduction_is_what_its_name_says(csr: Csr, ends: np.ndarray, range_ms: int, how: Reduction) -> None:
    out, present = cells(csr, ends)
    n = len(csr.series)
    reduce_windows(how.value, csr.offsets, csr.timestamps, csr.values, NO_STARTS, ends, range_ms, 0, n, out, present)
    for i in range(n):
        for j, end in enumerate(ends.tolist()):
            window = csr.window(i, end, range_ms)
            assert present[i, j] == bool(window)
            assert same(out[i, j], PLAIN[how](window) if window else math.nan, 1e-7)


@given(samples(VALUES), steps(), RANGES, st.sampled_from([1.0, -1.0]))
def test_extremes_ignore_nan_while_there_is_a_number(csr: Csr, ends: np.ndarray, range_ms: int, sign: float) -> None:
    out, present = cells(csr, ends)
    n = len(csr.series)
    extreme_windows(csr.offsets, csr.timestamps, csr.values, ends, range_ms, sign, 0, n, out, present)
    for i in range(n):
        for j, end in enumerate(ends.tolist()):
            values = [v for _, v in csr.window(i, end, range_ms)]
            numbers = [v for v in values if v == v]
            assert present[i, j] == bool(values)
            assert same(out[i, j], (max if sign > 0 else min)(numbers) if numbers else math.nan)


@given(samples(VALUES), steps(), RANGES, st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0, -1.0, 2.0, math.nan]))
def test_a_sliding_quantile_is_the_quantile_of_each_window(csr: Csr, ends: np.ndarray, range_ms: int, q: float) -> None:
    out, present = cells(csr, ends)
    n = len(csr.series)
    quantile_windows(csr.offsets, csr.timestamps, csr.values, ends, range_ms, np.full(ends.size, q), 0, n, out, present)
    for i in range(n):
        for j, end in enumerate(ends.tolist()):
            values = [v for _, v in csr.window(i, end, range_ms)]
            assert present[i, j] == bool(values)
            assert same(out[i, j], plain_quantile(q, values) if values else math.nan)


def test_a_mean_survives_what_a_sum_would_not() -> None:
    csr = Csr([[(0, 9e307), (10, 9e307), (20, 9e307)]])
    ends = np.array([20], dtype=np.int64)
    out, present = cells(csr, ends)
    for how, expected in ((Reduction.AVG, 9e307), (Reduction.SUM, math.inf)):
        reduce_windows(how.value, csr.offsets, csr.timestamps, csr.values, NO_STARTS, ends, 100, 0, 1, out, present)
        assert out[0, 0] == expected


def test_a_sum_loses_no_small_terms() -> None:
    csr = Csr([[(i, v) for i, v in enumerate([1.0, 1e100, 1.0, -1e100])]])
    ends = np.array([3], dtype=np.int64)
    out, present = cells(csr, ends)
    reduce_windows(
        Reduction.SUM.value, csr.offsets, csr.timestamps, csr.values, NO_STARTS, ends, 100, 0, 1, out, present
    )
    assert out[0, 0] == 2.0


def test_an_anchored_count_of_resets_begins_before_the_range() -> None:
    csr = Csr([[(0, 2.0), (60_000, 1.0), (120_000, 1.0)]])
    ends = np.array([60_000, 120_000, 180_000], dtype=np.int64)
    out, present = cells(csr, ends)
    reduce_anchored(
        Reduction.RESETS.value, csr.offsets, csr.timestamps, csr.values, NO_STARTS, ends, 60_000, 300_000,
        0, 1, out, present,
    )  # fmt: skip
    assert out[0, :2].tolist() == [1.0, 0.0]
    assert present.tolist() == [[True, True, False]]


@given(samples(TAME), steps(), RANGES)
def test_a_regression_is_the_least_squares_line(csr: Csr, ends: np.ndarray, range_ms: int) -> None:
    slopes, present = cells(csr, ends)
    ahead, _ = cells(csr, ends)
    n = len(csr.series)
    nothing = np.zeros(0)
    regression_windows(csr.offsets, csr.timestamps, csr.values, ends, range_ms, ends, nothing, 0, n, slopes, present)
    regression_windows(
        csr.offsets, csr.timestamps, csr.values, ends, range_ms, ends, np.full(ends.size, 60.0), 0, n, ahead, present
    )
    for i in range(n):
        for j, end in enumerate(ends.tolist()):
            window = csr.window(i, end, range_ms)
            assert present[i, j] == (len(window) >= 2)
            if len(window) < 2:
                continue
            x = np.array([(t - end) / 1000 for t, _ in window])
            slope, intercept = np.polyfit(x, np.array([v for _, v in window]), 1)
            scale = max(1.0, *(abs(v) for _, v in window))
            assert abs(slopes[i, j] - slope) < 1e-6 * scale
            assert abs(ahead[i, j] - (intercept + slope * 60)) < 1e-4 * scale


def test_smoothing_follows_a_straight_line_exactly() -> None:
    csr = Csr([[(t * 1000, 2.0 * t) for t in range(10)]])
    ends = np.array([9000], dtype=np.int64)
    out, present = cells(csr, ends)
    factor = np.array([0.5])
    smooth_windows(csr.offsets, csr.timestamps, csr.values, ends, 60_000, factor, factor, 0, 1, out, present)
    assert out.tolist() == [[18.0]]
