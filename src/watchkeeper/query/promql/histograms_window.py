"""`rate`, `increase`, `delta`, `irate`, `idelta` over the native histograms of one window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.model.histogram import (
    CounterReset,
    Histogram,
    HistogramsIncompatible,
    add,
    compact,
    detect_reset,
    divide,
    reduce_schema,
    scale,
    subtract,
    with_reset,
)
from watchkeeper.query.promql.histograms import HistogramOutcome, Note, Outcome

_MIXED = frozenset({Note.MIXED_SCHEMAS})


@dataclass(frozen=True, slots=True)
class Window:
    """The histograms of one series in one range: `times` rising int ms, `starts` the start timestamps (0 unknown).

    `starts` is empty where none is known. The range is (start, end], int ms, `seconds` long.
    """

    times: Sequence[int]
    histograms: Sequence[Histogram]
    start: int
    end: int
    seconds: float
    starts: Sequence[int] = ()


def started_anew(start_before: int, time_before: int, start: int, time: int) -> bool:
    """Say whether start timestamps tell of a counter reset between two samples (0: unknown; all int ms).

    A start that equals the time before is a reset for deltas, which always begin where the last one ended, but not
    where the sender did not know the first start and used the time itself.
    """
    if start == 0 or start >= time or start < time_before:
        return False
    if start > time_before:
        return True
    return start_before not in (0, time_before) and start_before <= time_before


def start_overlaps(start_before: int, time_before: int, start: int) -> bool:
    """Say whether a sample claims to have started before the sample before it ended, with another start."""
    return start != 0 and start < time_before and start != start_before


def extrapolated(window: Window, *, is_counter: bool, is_rate: bool) -> HistogramOutcome:
    """`rate` (both), `increase` (a counter, no rate) or `delta` (neither), extrapolated to the range's ends."""
    increase: Histogram | None = None
    notes: frozenset[Note] = frozenset()
    if len(window.histograms) > 1:
        change = changed(window, is_counter=is_counter)
        if change.value is None:
            return change
        increase, notes = change.value, change.notes
    begun = is_counter and _began_inside(window)
    if not begun and increase is None:
        return Outcome(None)
    if begun:
        increase, notes = _from_zero(increase, window.histograms[0], notes)
        if increase is None:
            return Outcome(None, notes)
    assert increase is not None
    factor = _factor(window, increase.count, begun=begun, is_counter=is_counter)
    return Outcome(scale(increase, factor / window.seconds if is_rate else factor), notes)


def _began_inside(window: Window) -> bool:
    """Say whether the first sample's counter is known to have started, at zero, inside the range."""
    return bool(window.starts) and window.start < window.starts[0] < window.times[0] and window.starts[0] != 0


def _from_zero(
    increase: Histogram | None, first: Histogram, notes: frozenset[Note]
) -> tuple[Histogram | None, frozenset[Note]]:
    """The increase since the counter's start: what the first sample counted comes on top."""
    if increase is None:
        return first, notes
    try:
        total = add(increase, first)
    except HistogramsIncompatible:
        return None, notes | _MIXED
    return total.histogram, notes | {Note.RECONCILED_IN_ADDITION} if total.bounds_reconciled else notes


def _factor(window: Window, increase: float, *, begun: bool, is_counter: bool) -> float:
    """How much larger the change over the whole range is taken to be than between its samples."""
    first, last = window.times[0], window.times[-1]
    to_start, to_end = (first - window.start) / 1000, (window.end - last) / 1000
    sampled = (last - first) / 1000
    gaps = len(window.times) - 1
    usual = sampled / gaps if gaps else 0.0
    near = usual * 1.1
    if begun:
        to_start = 0.0
        sampled = (last - window.starts[0]) / 1000
    else:
        if to_start >= near:
            to_start = usual / 2
        first_count = window.histograms[0].count
        if is_counter and increase > 0 and first_count >= 0:
            to_start = min(to_start, sampled * (first_count / increase))
    if to_end >= near:
        to_end = usual / 2
    return (sampled + to_start + to_end) / sampled if sampled else 1.0


def changed(window: Window, *, is_counter: bool) -> HistogramOutcome:
    """Last minus first of at least two histograms, with what was lost at each counter reset added back."""
    series = window.histograms
    notes: set[Note] = set()
    first, last = series[0], series[-1]
    if is_counter:
        if any(h.reset is CounterReset.GAUGE for h in series):
            notes.add(Note.NOT_A_COUNTER)
        if _resets(window, 1):
            first = Histogram(schema=series[1].schema, custom_values=series[1].custom_values)
    elif first.reset is not CounterReset.GAUGE or last.reset is not CounterReset.GAUGE:
        notes.add(Note.NOT_A_GAUGE)
    relevant = [first, *(series[1:-1] if is_counter else ()), last]
    if any(h.uses_custom_buckets != first.uses_custom_buckets for h in relevant):
        return Outcome(None, _MIXED | (notes & {Note.NOT_A_COUNTER}))
    schema = min(h.schema for h in relevant)
    difference = subtract(reduce_schema(last, schema), first)
    total = difference.histogram
    if difference.bounds_reconciled:
        notes.add(Note.RECONCILED_IN_SUBTRACTION)
    if is_counter:
        total = _with_resets(window, total, first, notes)
    return Outcome(compact(with_reset(total, CounterReset.GAUGE)), frozenset(notes))


def _with_resets(window: Window, total: Histogram, first: Histogram, notes: set[Note]) -> Histogram:
    previous = first
    overlapped = False
    for i in range(1, len(window.histograms)):
        if window.starts and not overlapped:
            overlapped = start_overlaps(window.starts[i - 1], window.times[i - 1], window.starts[i])
        if _resets(window, i, previous):
            corrected = add(total, previous)
            total = corrected.histogram
            if corrected.bounds_reconciled:
                notes.add(Note.RECONCILED_IN_ADDITION)
        previous = window.histograms[i]
    if overlapped:
        notes.add(Note.START_OVERLAPS)
    return total


def _resets(window: Window, i: int, previous: Histogram | None = None) -> bool:
    """Say whether the counter was reset between samples i − 1 and i."""
    if window.starts and started_anew(window.starts[i - 1], window.times[i - 1], window.starts[i], window.times[i]):
        return True
    return detect_reset(previous or window.histograms[i - 1], window.histograms[i])


def instant_change(window: Window, *, is_rate: bool) -> HistogramOutcome:
    """`irate` or `idelta` of a window that holds exactly the last two samples."""
    before, last = window.histograms
    elapsed = window.times[1] - window.times[0]
    if elapsed == 0:
        return Outcome(None)
    notes: set[Note] = set()
    hints = (before.reset, last.reset)
    if is_rate and CounterReset.GAUGE in hints:
        notes.add(Note.NOT_A_COUNTER)
    if not is_rate and hints != (CounterReset.GAUGE, CounterReset.GAUGE):
        notes.add(Note.NOT_A_GAUGE)
    change = last
    if not is_rate or not _resets(window, 1):
        try:
            difference = subtract(last, before)
        except HistogramsIncompatible:
            return Outcome(None, frozenset(notes) | _MIXED)
        change = difference.histogram
        if difference.bounds_reconciled:
            notes.add(Note.RECONCILED_IN_SUBTRACTION)
    change = compact(with_reset(change, CounterReset.GAUGE))
    return Outcome(divide(change, elapsed / 1000) if is_rate else change, frozenset(notes))
