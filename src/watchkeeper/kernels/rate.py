"""rate, increase, delta and their kin over CSR samples (conventions: `kernels.window`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel
from watchkeeper.kernels.window import advance


@kernel
def start_resets(before_start: int, before_at: int, start: int, at: int) -> bool:
    """Say whether a sample's start timestamp tells of a counter reset since the sample before it.

    0 is «unknown»; a start at or after the sample is void; one that equals the earlier sample's time is a delta's,
    unless the earlier sample's own start is unknown (OTLP's cumulative with unknown start).
    """
    if start == 0 or start >= at or start < before_at:
        return False
    if start > before_at:
        return True
    return before_start != 0 and before_start < before_at


@kernel
def _is_reset(
    timestamps: NDArray[np.int64], values: NDArray[np.float64], starts: NDArray[np.int64], with_starts: bool, k: int
) -> bool:
    """Say whether sample k is a reset against sample k − 1 of the same series."""
    if values[k] < values[k - 1]:
        return True
    return with_starts and start_resets(starts[k - 1], timestamps[k - 1], starts[k], timestamps[k])


@kernel
def _bridged(to_start_ms: int, to_end_ms: int, sampled_ms: int, gaps: int) -> tuple[float, float, float]:
    """How far a trend is taken to reach beyond its first and last sample, and the time between those, in seconds.

    Up to 1.1 average gaps from an edge are bridged, beyond that half a gap.
    """
    to_start = to_start_ms / 1000.0
    to_end = to_end_ms / 1000.0
    sampled = sampled_ms / 1000.0
    average = sampled / gaps
    threshold = average * 1.1
    if to_start >= threshold:
        to_start = average / 2
    if to_end >= threshold:
        to_end = average / 2
    return to_start, to_end, sampled


@kernel
def _from_start(first_start: int, last_at: int, gaps: int, first_at: int, end: int) -> float:
    """The same factor where the counter's start lies in the window: nothing is extrapolated to the left."""
    average = (last_at - first_at) / 1000.0 / gaps if gaps > 0 else 0.0
    to_end = (end - last_at) / 1000.0
    sampled = (last_at - first_start) / 1000.0
    if to_end >= average * 1.1:
        to_end = average / 2
    return (sampled + to_end) / sampled if sampled != 0 else 1.0


@kernel
def _list_resets(
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    starts: NDArray[np.int64],
    first: int,
    stop: int,
    resets: NDArray[np.int64],
) -> int:
    """Write the indexes of a series' resets to `resets`; how many there are."""
    count = 0
    if starts.size > 0:
        for k in range(first + 1, stop):
            if _is_reset(timestamps, values, starts, True, k):
                resets[count] = k
                count += 1
        return count
    before = values[first] if first < stop else 0.0
    for k in range(first + 1, stop):
        value = values[k]
        if value < before:
            resets[count] = k
            count += 1
        before = value
    return count


@kernel
def extrapolated_rate(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    range_ms: int,
    is_counter: bool,
    is_rate: bool,
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """rate (counter, per second), increase (counter) and delta, as Prometheus extrapolates them.

    `starts` are start timestamps, or empty. Resets are listed once per series, so that a step costs the same however
    long its window is, and are added in their order, so that the sums round as Prometheus' do. Where a window lies over
    its samples as the one before it did, which is the rule for regular series, its factor is taken over.
    """
    with_starts = starts.size > 0 and is_counter
    divisor = range_ms / 1000.0 if is_rate else 1.0
    longest = 0
    for i in range(first, last):
        longest = max(longest, offsets[i + 1] - offsets[i])
    resets = np.empty(longest, dtype=np.int64)
    known_start = known_end = known_sampled = known_gaps = np.int64(-1)
    to_start = to_end = sampled = usual = 0.0
    for i in range(first, last):
        stop = offsets[i + 1]
        count = _list_resets(timestamps, values, starts, offsets[i], stop, resets) if is_counter else 0
        lo = hi = offsets[i]
        next_reset = 0
        for j in range(ends.size):
            begin = ends[j] - range_ms
            lo = advance(timestamps, lo, stop, begin)
            hi = advance(timestamps, max(lo, hi), stop, ends[j])
            gaps = hi - lo - 1
            started = gaps >= 0 and with_starts and begin < starts[lo] < timestamps[lo] and starts[lo] != 0
            if gaps < 1 and not started:
                out[i, j] = np.nan
                present[i, j] = False
                continue
            first_at, last_at, zero = timestamps[lo], timestamps[hi - 1], values[lo]
            total = values[hi - 1] - zero
            while next_reset < count and resets[next_reset] <= lo:
                next_reset += 1
            r = next_reset
            while r < count and resets[r] < hi:
                total += values[resets[r] - 1]
                r += 1
            present[i, j] = True
            if started:
                total += zero
                out[i, j] = total * (_from_start(starts[lo], last_at, gaps, first_at, ends[j]) / divisor)
                continue
            a, b, c = first_at - begin, ends[j] - last_at, last_at - first_at
            if a != known_start or b != known_end or c != known_sampled or gaps != known_gaps:
                known_start, known_end, known_sampled, known_gaps = a, b, c, gaps
                to_start, to_end, sampled = _bridged(a, b, c, gaps)
                usual = (sampled + to_start + to_end) / sampled / divisor
            factor = usual
            # A counter is never extrapolated to below zero; the product rules the division out where it cannot matter.
            if is_counter and total > 0 and zero >= 0 and zero * sampled < total * to_start * 1.0001:
                to_zero = sampled * (zero / total)
                if to_zero < to_start:
                    factor = (sampled + to_zero + to_end) / sampled / divisor
            out[i, j] = total * factor


@kernel
def overlapping_starts(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    range_ms: int,
    overlaps: NDArray[np.bool_],
) -> None:
    """Mark the series (n,) of which some window holds a sample that starts within the reach of the one before it."""
    for i in range(offsets.size - 1):
        lo = hi = offsets[i]
        stop = offsets[i + 1]
        for j in range(ends.size):
            lo = advance(timestamps, lo, stop, ends[j] - range_ms)
            hi = advance(timestamps, max(lo, hi), stop, ends[j])
            for k in range(lo + 1, hi):
                if starts[k] != 0 and starts[k] < timestamps[k - 1] and starts[k] != starts[k - 1]:
                    overlaps[i] = True


@kernel
def _interpolate(at1: int, value1: float, at2: int, value2: float, at: int, is_counter: bool) -> float:
    """The value at an instant between two samples; over a counter's reset it rises from zero."""
    if is_counter and value2 < value1:
        value1 = 0.0
    return value1 + (value2 - value1) * float(at - at1) / float(at2 - at1)


@kernel
def _extended(
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    lo: int,
    hi: int,
    begin: int,
    end: int,
    smoothed: bool,
    is_counter: bool,
) -> tuple[float, bool]:
    """The increase over exactly (begin, end], from samples lo:hi that reach beyond it; and whether there is one."""
    head, tail = lo, hi - 1
    while head < hi - 1 and timestamps[head] <= begin:
        head += 1
    head = max(lo, head - 1)
    if smoothed:
        tail = lo
        while tail < hi - 1 and timestamps[tail] < end:
            tail += 1
    if timestamps[tail] <= begin or (smoothed and timestamps[head] > end):
        return np.nan, False
    left, right = values[head], values[tail]
    if smoothed and timestamps[head] < begin:
        left = _interpolate(timestamps[head], left, timestamps[head + 1], values[head + 1], begin, is_counter)
    if smoothed and tail > lo and timestamps[tail] > end:
        right = _interpolate(timestamps[tail - 1], values[tail - 1], timestamps[tail], right, end, is_counter)
    total = right - left
    if is_counter:
        if timestamps[head] <= begin:
            head += 1
        if timestamps[tail] >= end:
            tail -= 1
        correction = 0.0
        before = left
        for k in range(head, tail + 1):
            if values[k] < before:
                correction += before
            before = values[k]
        if right < before:
            correction += before
        total += correction
    return total, True


@kernel
def extended_rate(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    range_ms: int,
    lookback: int,
    smoothed: bool,
    is_counter: bool,
    is_rate: bool,
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """rate, increase and delta over `anchored` or `smoothed` windows, which look `lookback` beyond their edges."""
    ahead = lookback if smoothed else 0
    for i in range(first, last):
        lo = hi = offsets[i]
        stop = offsets[i + 1]
        for j in range(ends.size):
            begin = ends[j] - range_ms
            lo = advance(timestamps, lo, stop, begin - lookback)
            hi = advance(timestamps, max(lo, hi), stop, ends[j] + ahead)
            out[i, j] = np.nan
            present[i, j] = False
            if hi > lo:
                total, found = _extended(timestamps, values, lo, hi, begin, ends[j], smoothed, is_counter)
                out[i, j] = total / (range_ms / 1000.0) if is_rate else total
                present[i, j] = found


@kernel
def instant_rate(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    range_ms: int,
    is_rate: bool,
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """irate (per second, with resets) and idelta: from the last two samples of each window."""
    with_starts = starts.size > 0
    for i in range(first, last):
        lo = hi = offsets[i]
        stop = offsets[i + 1]
        for j in range(ends.size):
            lo = advance(timestamps, lo, stop, ends[j] - range_ms)
            hi = advance(timestamps, max(lo, hi), stop, ends[j])
            out[i, j] = np.nan
            present[i, j] = hi - lo >= 2
            if present[i, j]:
                k = hi - 1
                value = values[k]
                if not is_rate or not _is_reset(timestamps, values, starts, with_starts, k):
                    value -= values[k - 1]
                if is_rate:
                    value /= (timestamps[k] - timestamps[k - 1]) / 1000.0
                out[i, j] = value
