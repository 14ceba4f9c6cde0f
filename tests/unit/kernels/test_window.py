"""Window kernels against their definition."""

from __future__ import annotations

import numpy as np
from csr_samples import RANGES, TAME, Csr, cells, same, samples, steps
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels.window import (
    has_stale,
    kept_offsets,
    select_index,
    select_instant,
    smooth_instant,
    window_bounds,
    window_totals,
)
from watchkeeper.model.samples import STALE

MAYBE_STALE = st.one_of(TAME, st.just(float(STALE)), st.just(float("nan")))


@given(samples(MAYBE_STALE), steps(), RANGES)
def test_an_instant_sees_the_newest_sample_unless_it_is_stale(csr: Csr, ends: np.ndarray, lookback: int) -> None:
    out, present = cells(csr, ends)
    index = np.zeros(out.shape, dtype=np.int64)
    n = len(csr.series)
    select_instant(csr.offsets, csr.timestamps, csr.values, ends, lookback, 0, n, out, present)
    select_index(csr.offsets, csr.timestamps, ends, lookback, 0, n, index)
    for i in range(n):
        for j, end in enumerate(ends.tolist()):
            window = csr.window(i, end, lookback)
            assert (index[i, j] >= 0) == bool(window)
            if window:
                assert csr.timestamps[index[i, j]] == window[-1][0]
            bits = np.array([window[-1][1]]).view(np.uint64)[0] if window else 0
            assert present[i, j] == (bool(window) and bits != np.array([STALE]).view(np.uint64)[0])
            assert same(out[i, j], window[-1][1] if present[i, j] else float("nan"))


@given(samples(TAME), steps(), RANGES)
def test_bounds_and_totals_count_what_windows_hold(csr: Csr, ends: np.ndarray, range_ms: int) -> None:
    n = len(csr.series)
    lower = np.zeros((n, ends.size), dtype=np.int64)
    upper = np.zeros_like(lower)
    totals = np.zeros(ends.size, dtype=np.int64)
    window_bounds(csr.offsets, csr.timestamps, ends - range_ms, ends, 0, n, lower, upper)
    window_totals(csr.offsets, csr.timestamps, ends - range_ms, ends, totals)
    for j, end in enumerate(ends.tolist()):
        held = [csr.window(i, end, range_ms) for i in range(n)]
        assert totals[j] == sum(map(len, held))
        for i, window in enumerate(held):
            assert csr.timestamps[lower[i, j] : upper[i, j]].tolist() == [t for t, _ in window]


def test_slices_of_rows_fill_the_same_cells() -> None:
    csr = Csr([[(0, 1.0)], [(0, 2.0)], [(0, 3.0)]])
    out, present = cells(csr, np.array([0], dtype=np.int64))
    for first, last in ((2, 3), (0, 2)):
        select_instant(csr.offsets, csr.timestamps, csr.values, np.zeros(1, np.int64), 10, first, last, out, present)
    assert out.ravel().tolist() == [1.0, 2.0, 3.0]
    assert present.all()


def test_only_the_marker_s_own_bits_are_stale() -> None:
    assert has_stale(np.array([1.0, STALE]))
    assert not has_stale(np.array([1.0, float("nan")]))


def test_offsets_shrink_with_what_is_left_out() -> None:
    offsets = np.array([0, 2, 2, 5], dtype=np.int64)
    assert kept_offsets(offsets, np.array([True, False, False, True, True])).tolist() == [0, 1, 1, 3]


@given(samples(TAME), steps(), RANGES)
def test_a_smoothed_instant_lies_between_its_neighbours(csr: Csr, ends: np.ndarray, lookback: int) -> None:
    out, present = cells(csr, ends)
    n = len(csr.series)
    smooth_instant(csr.offsets, csr.timestamps, csr.values, ends, lookback, 0, n, out, present)
    for i in range(n):
        for j, end in enumerate(ends.tolist()):
            before = csr.window(i, end, lookback)
            after = [(t, v) for t, v in csr.series[i] if end < t <= end + lookback]
            assert present[i, j] == bool(before)
            if not before:
                continue
            (t1, v1) = before[-1]
            expected = v1
            if t1 != end and after:
                (t2, v2) = after[0]
                expected = v1 + (v2 - v1) * ((end - t1) / (t2 - t1))
            assert same(out[i, j], expected, 1e-12)
