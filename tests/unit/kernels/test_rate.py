"""rate and its kin against Prometheus' definition, written out plainly."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from csr_samples import RANGES, Csr, cells, same, samples, steps
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels.rate import extended_rate, extrapolated_rate, instant_rate, overlapping_starts, start_resets

COUNTS = st.one_of(st.integers(0, 30).map(float), st.floats(0, 1e4), st.just(float("nan")))
NO_STARTS = np.zeros(0, dtype=np.int64)


def plain_rate(
    window: list[tuple[int, float]], start: int, end: int, *, is_counter: bool, is_rate: bool
) -> float | None:
    """The extrapolated increase, as the documentation of rate() describes it."""
    if len(window) < 2:
        return None
    (first_t, first), (last_t, last) = window[0], window[-1]
    total = last - first
    if is_counter:
        for (_, a), (_, b) in itertools.pairwise(window):
            if b < a:
                total += a
    to_start, to_end, sampled = (first_t - start) / 1000, (end - last_t) / 1000, (last_t - first_t) / 1000
    gap = sampled / (len(window) - 1)
    if to_start >= gap * 1.1:
        to_start = gap / 2
    if is_counter and total > 0 and first >= 0:
        to_start = min(to_start, sampled * (first / total))
    if to_end >= gap * 1.1:
        to_end = gap / 2
    factor = (sampled + to_start + to_end) / sampled
    return total * (factor / ((end - start) / 1000) if is_rate else factor)


@pytest.mark.parametrize(("is_counter", "is_rate"), [(True, True), (True, False), (False, False)])
@given(csr=samples(COUNTS), ends=steps(), range_ms=RANGES)
def test_rates_are_extrapolated_as_defined(
    csr: Csr, ends: np.ndarray, range_ms: int, is_counter: bool, is_rate: bool
) -> None:
    out, present = cells(csr, ends)
    n = len(csr.series)
    extrapolated_rate(
        csr.offsets, csr.timestamps, csr.values, NO_STARTS, ends, range_ms, is_counter, is_rate, 0, n, out, present
    )
    for i in range(n):
        for j, end in enumerate(ends.tolist()):
            expected = plain_rate(
                csr.window(i, end, range_ms), end - range_ms, end, is_counter=is_counter, is_rate=is_rate
            )
            assert present[i, j] == (expected is not None)
            assert same(out[i, j], math.nan if expected is None else expected)


def test_a_regular_series_beside_an_irregular_one_keeps_its_own_factor() -> None:
    regular = [(t * 10_000, float(t)) for t in range(20)]
    irregular = [(t * 10_000 + (t % 3) * 1000, float(t)) for t in range(20)]
    both, alone = Csr([regular, irregular, regular]), Csr([regular])
    ends = np.arange(60_000, 190_000, 10_000, dtype=np.int64)
    results = []
    for csr in (both, alone):
        out, present = cells(csr, ends)
        n = len(csr.series)
        extrapolated_rate(
            csr.offsets, csr.timestamps, csr.values, NO_STARTS, ends, 60_000, True, True, 0, n, out, present
        )
        results.append(out)
    assert results[0][0].tolist() == results[0][2].tolist() == results[1][0].tolist()


@given(samples(COUNTS), steps(), RANGES, st.booleans())
def test_instant_rates_look_at_the_last_two_samples(csr: Csr, ends: np.ndarray, range_ms: int, is_rate: bool) -> None:
    out, present = cells(csr, ends)
    n = len(csr.series)
    instant_rate(csr.offsets, csr.timestamps, csr.values, NO_STARTS, ends, range_ms, is_rate, 0, n, out, present)
    for i in range(n):
        for j, end in enumerate(ends.tolist()):
            window = csr.window(i, end, range_ms)
            assert present[i, j] == (len(window) >= 2)
            if len(window) < 2:
                continue
            (t1, v1), (t2, v2) = window[-2:]
            change = v2 if is_rate and v2 < v1 else v2 - v1
            assert same(out[i, j], change / ((t2 - t1) / 1000) if is_rate else change)


def test_an_anchored_increase_starts_from_the_sample_before_the_range() -> None:
    csr = Csr([[(0, 1.0), (15_000, 2.0), (30_000, 3.0), (45_000, 4.0), (60_000, 5.0), (75_000, 9.0)]])
    ends = np.array([5_000, 80_000], dtype=np.int64)
    out, present = cells(csr, ends)
    extended_rate(
        csr.offsets, csr.timestamps, csr.values, ends, 60_000, 300_000, False, True, False, 0, 1, out, present
    )
    assert out.tolist() == [[0.0, 7.0]]
    assert present.all()


def test_a_smoothed_increase_is_interpolated_at_both_edges() -> None:
    csr = Csr([[(0, 0.0), (10_000, 10.0), (20_000, 20.0)]])
    ends = np.array([15_000], dtype=np.int64)
    out, present = cells(csr, ends)
    extended_rate(csr.offsets, csr.timestamps, csr.values, ends, 10_000, 300_000, True, True, False, 0, 1, out, present)
    assert out.tolist() == [[10.0]]


@pytest.mark.parametrize(
    ("before_start", "before_at", "start", "at", "resets"),
    [
        (0, 10, 0, 20, False),  # unknown
        (0, 10, 20, 20, False),  # as late as the sample itself
        (5, 10, 5, 20, False),  # the same counter
        (5, 10, 12, 20, True),  # a new one
        (5, 10, 10, 20, True),  # a delta
        (0, 10, 10, 20, False),  # cumulative with unknown start
        (10, 10, 10, 20, False),  # the same, its start set to its first sample
        (70, 10, 10, 20, False),  # the earlier start is void
    ],
)
def test_start_timestamps_tell_of_resets(before_start: int, before_at: int, start: int, at: int, resets: bool) -> None:
    assert start_resets(before_start, before_at, start, at) is resets


def test_a_counter_that_starts_inside_the_window_rises_from_zero() -> None:
    csr = Csr([[(60_000, 3.0)]])
    ends, starts = np.array([100_000], dtype=np.int64), np.array([30_000], dtype=np.int64)
    out, present = cells(csr, ends)
    extrapolated_rate(csr.offsets, csr.timestamps, csr.values, starts, ends, 90_000, True, False, 0, 1, out, present)
    assert out.tolist() == [[3.0]]


def test_overlapping_starts_are_found_inside_windows_only() -> None:
    csr = Csr([[(10, 1.0), (20, 2.0)], [(10, 1.0), (20, 2.0)]])
    starts = np.array([1, 5, 1, 1], dtype=np.int64)
    overlaps = np.zeros(2, dtype=np.bool_)
    overlapping_starts(csr.offsets, csr.timestamps, starts, np.array([20], dtype=np.int64), 20, overlaps)
    assert overlaps.tolist() == [True, False]
    overlaps[:] = False
    overlapping_starts(csr.offsets, csr.timestamps, starts, np.array([20], dtype=np.int64), 5, overlaps)
    assert not overlaps.any()
