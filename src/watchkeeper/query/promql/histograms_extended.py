"""`anchored` and `smoothed` ranges over native histograms: values at the range's very ends, no extrapolation."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from watchkeeper.model.histogram import (
    CounterReset,
    Histogram,
    HistogramsIncompatible,
    add,
    compact,
    detect_reset,
    divide,
    scale,
    subtract,
    with_reset,
)
from watchkeeper.query.promql.histograms import HistogramOutcome, Note, Outcome
from watchkeeper.query.promql.histograms_window import Window


def interpolated(
    left: Histogram, right: Histogram, left_ms: int, right_ms: int, at_ms: int, *, is_counter: bool
) -> HistogramOutcome:
    """The histogram between two samples at an instant between them (`smoothed`).

    A counter that was reset in between is taken to rise from zero. None for a mix of exponential and custom buckets.
    """
    if at_ms == left_ms:
        return Outcome(left)
    if at_ms == right_ms:
        return Outcome(right)
    share = (at_ms - left_ms) / (right_ms - left_ms)
    if is_counter and detect_reset(left, right):
        return Outcome(scale(right, share))
    try:
        difference = subtract(right, left)
        value = add(scale(difference.histogram, share), left)
    except HistogramsIncompatible:
        return Outcome(None, frozenset({Note.MIXED_SCHEMAS}))
    notes = set[Note]()
    if difference.bounds_reconciled:
        notes.add(Note.RECONCILED_IN_SUBTRACTION)
    if value.bounds_reconciled:
        notes.add(Note.RECONCILED_IN_ADDITION)
    return Outcome(value.histogram, frozenset(notes))


def extended(window: Window, *, smoothed: bool, is_counter: bool, is_rate: bool) -> HistogramOutcome:
    """`rate`, `increase` or `delta` over an `anchored` or `smoothed` range.

    The window holds samples from before the range (and for `smoothed` after it) as the lookback gives them.
    """
    times, series = window.times, window.histograms
    last = len(times) - 1
    first = max(0, min(bisect_right(times, window.start), last) - 1)
    if smoothed:
        last = min(bisect_left(times, window.end), last)
    if times[last] <= window.start or (smoothed and times[first] > window.end):
        return Outcome(None)
    used = series[first : last + 1]
    notes: set[Note] = set()
    if is_counter and any(h.reset is CounterReset.GAUGE for h in used):
        notes.add(Note.NOT_A_COUNTER)
    if any(h.uses_custom_buckets != used[0].uses_custom_buckets for h in used):
        return Outcome(None, frozenset(notes | {Note.MIXED_SCHEMAS}))
    left = _left(window, first, smoothed=smoothed, is_counter=is_counter)
    right = _right(window, last, smoothed=smoothed, is_counter=is_counter)
    notes |= left.notes | right.notes
    if left.value is None or right.value is None:
        return Outcome(None, frozenset(notes))
    if not is_counter and not (left.value.reset is right.value.reset is CounterReset.GAUGE):
        notes.add(Note.NOT_A_GAUGE)
    change = subtract(right.value, left.value)
    total = change.histogram
    if change.bounds_reconciled:
        notes.add(Note.RECONCILED_IN_SUBTRACTION)
    if is_counter:
        inner = _inner(window, first, last, left.value, smoothed=smoothed)
        if inner is not None:
            total = _corrected(total, inner, right.value, notes)
    if is_rate:
        total = divide(total, window.seconds)
    return Outcome(compact(with_reset(total, CounterReset.GAUGE)), frozenset(notes))


def _left(window: Window, first: int, *, smoothed: bool, is_counter: bool) -> HistogramOutcome:
    """The value at the range's start: the sample before it, or what lies between that and the next."""
    times, series = window.times, window.histograms
    if not smoothed or times[first] >= window.start:
        return Outcome(series[first])
    return interpolated(
        series[first], series[first + 1], times[first], times[first + 1], window.start, is_counter=is_counter
    )


def _right(window: Window, last: int, *, smoothed: bool, is_counter: bool) -> HistogramOutcome:
    """The value at the range's end: the last sample, or what lies between the two around the end."""
    times, series = window.times, window.histograms
    if not smoothed or last == 0 or times[last] <= window.end:
        return Outcome(series[last])
    return interpolated(series[last - 1], series[last], times[last - 1], times[last], window.end, is_counter=is_counter)


def _inner(window: Window, first: int, last: int, left: Histogram, *, smoothed: bool) -> Sequence[Histogram] | None:
    """The left value and the samples strictly between the two ends; None where no reset can lie between them.

    Where the left value was interpolated across a reset, that reset is accounted for already and the search begins
    with the sample after it.
    """
    series = window.histograms
    begin, previous = first + 1, left
    if smoothed and window.times[first] < window.start and detect_reset(series[first], series[first + 1]):
        begin, previous = first + 2, series[first + 1]
    if begin > last:
        return None
    return [previous, *series[begin:last]]


def _corrected(total: Histogram, inner: Sequence[Histogram], right: Histogram, notes: set[Note]) -> Histogram:
    """The total with what each reset took away."""
    lost: Histogram | None = None
    for previous, current in zip(inner, [*inner[1:], right], strict=True):
        if detect_reset(previous, current):
            if lost is None:
                lost = previous
                continue
            summed = add(lost, previous)
            lost = summed.histogram
            if summed.bounds_reconciled:
                notes.add(Note.RECONCILED_IN_ADDITION)
    if lost is None:
        return total
    summed = add(total, lost)
    if summed.bounds_reconciled:
        notes.add(Note.RECONCILED_IN_ADDITION)
    return summed.histogram
