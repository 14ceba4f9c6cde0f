"""`rate`, `increase` and `delta` over all windows of one series of native histograms at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import CounterReset, Histogram
from watchkeeper.query.promql.histograms import Note
from watchkeeper.query.promql.histograms_dense import COUNT, SUM, Layout, common_layout
from watchkeeper.query.promql.histograms_window import Window, extrapolated, started_anew


@dataclass(frozen=True, slots=True)
class Windows:
    """One series' samples and the windows over them.

    Window w holds the samples begins[w]:ends[w] and reaches from range_starts[w] (outside) to range_ends[w], int64 ms,
    `seconds` long. `times` int64 ms, shape (m,); `starts` likewise, or None.
    """

    times: NDArray[np.int64]
    histograms: Sequence[Histogram]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    range_starts: NDArray[np.int64]
    range_ends: NDArray[np.int64]
    seconds: float
    starts: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.begins)

    def window(self, w: int) -> Window:
        """One of them by itself."""
        at = slice(int(self.begins[w]), int(self.ends[w]))
        return Window(
            self.times[at].tolist(),
            self.histograms[at],
            int(self.range_starts[w]),
            int(self.range_ends[w]),
            self.seconds,
            self.starts[at].tolist() if self.starts is not None else (),
        )


@dataclass(frozen=True, slots=True)
class SeriesOutcome:
    """One value a window, None where it has none, and the remarks on all of them."""

    values: list[Histogram | None]
    notes: frozenset[Note]


def rates(windows: Windows, *, is_counter: bool, is_rate: bool) -> SeriesOutcome:
    """`rate`, `increase` (a counter, no rate) or `delta` (neither) of each window."""
    lasting = np.flatnonzero(windows.ends - windows.begins > 1)
    dense = _Dense.of(windows, lasting) if len(lasting) else None
    if dense is None:
        return _single_rates(windows, range(len(windows)), is_counter=is_counter, is_rate=is_rate)
    single = np.flatnonzero(windows.ends - windows.begins == 1)
    values: list[Histogram | None] = [None] * len(windows)
    notes: set[Note] = set()
    if windows.starts is not None:  # One sample is enough where it is known when its counter began.
        outcome = _single_rates(windows, single.tolist(), is_counter=is_counter, is_rate=is_rate)
        values, notes = outcome.values, set(outcome.notes)
    notes |= dense.notes(is_counter=is_counter)
    for w, value in zip(lasting.tolist(), dense.values(is_counter=is_counter, is_rate=is_rate), strict=True):
        values[w] = value
    return SeriesOutcome(values, frozenset(notes))


def _single_rates(windows: Windows, which: Sequence[int], *, is_counter: bool, is_rate: bool) -> SeriesOutcome:
    values: list[Histogram | None] = [None] * len(windows)
    notes: set[Note] = set()
    for w in which:
        if windows.begins[w] == windows.ends[w]:
            continue
        outcome = extrapolated(windows.window(w), is_counter=is_counter, is_rate=is_rate)
        values[w] = outcome.value
        notes |= outcome.notes
    return SeriesOutcome(values, frozenset(notes))


@dataclass(frozen=True, slots=True)
class _Dense:
    """Windows of two samples or more over samples of one layout: `samples` (m, width), and where each begins and ends.

    `first` and `last` are rows of `samples`, inside the window; `times` and `starts` (zeros where unknown) shape (m,),
    the ranges' ends shape (w,), all int64 ms.
    """

    layout: Layout
    histograms: Sequence[Histogram]
    samples: NDArray[np.float64]
    times: NDArray[np.int64]
    starts: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    range_starts: NDArray[np.int64]
    range_ends: NDArray[np.int64]
    seconds: float

    @classmethod
    def of(cls, windows: Windows, lasting: NDArray[np.intp]) -> _Dense | None:
        """Those windows, or None where their samples' layouts differ."""
        low, high = int(windows.begins[lasting].min()), int(windows.ends[lasting].max())
        histograms = windows.histograms[low:high]
        layout = common_layout(histograms)
        if layout is None:
            return None
        starts = np.zeros(high - low, dtype=np.int64) if windows.starts is None else windows.starts[low:high]
        return cls(
            layout,
            histograms,
            layout.matrix(histograms),
            windows.times[low:high],
            starts,
            windows.begins[lasting] - low,
            windows.ends[lasting] - 1 - low,
            windows.range_starts[lasting],
            windows.range_ends[lasting],
            windows.seconds,
        )

    def notes(self, *, is_counter: bool) -> set[Note]:
        """The remarks on all windows together."""
        gauges = np.array([h.reset is CounterReset.GAUGE for h in self.histograms])
        if not is_counter:
            return set() if (gauges[self.first] & gauges[self.last]).all() else {Note.NOT_A_GAUGE}
        overlaps = np.zeros(len(self.times), dtype=np.bool_)
        before, start = self.starts[:-1], self.starts[1:]
        overlaps[1:] = (start != 0) & (start < self.times[:-1]) & (start != before)
        found: set[Note] = set()
        if _any_within(gauges, self.first, self.last):
            found.add(Note.NOT_A_COUNTER)
        if _any_within(overlaps, self.first + 1, self.last):
            found.add(Note.START_OVERLAPS)
        return found

    def values(self, *, is_counter: bool, is_rate: bool) -> list[Histogram]:
        """Each window's result."""
        begun = np.zeros(len(self.first), dtype=np.bool_)
        if is_counter:
            start = self.starts[self.first]
            begun = (start != 0) & (start > self.range_starts) & (start < self.times[self.first])
            change = self._increases(self._resets())
        else:
            change = self.samples[self.last] - self.samples[self.first]
        change[begun] += self.samples[self.first[begun]]
        factor = self._factors(change[:, COUNT], begun, is_counter=is_counter)
        if is_rate:
            factor = factor / self.seconds
        return self.layout.histograms(change * factor[:, None], [CounterReset.GAUGE] * len(self.first))

    def _resets(self) -> NDArray[np.bool_]:
        """Which samples follow a counter reset, shape (m,): a hint decides, else any count or bucket that fell; and
        whatever they say, a start timestamp."""
        counts = np.delete(self.samples, SUM, axis=1)
        fell = np.zeros(len(counts), dtype=np.bool_)
        fell[1:] = (counts[1:] < counts[:-1]).any(axis=1)
        hints = np.array([h.reset for h in self.histograms])
        fell[hints == CounterReset.YES] = True
        fell[hints == CounterReset.NO] = False
        if self.starts.any():
            pairs = zip(
                self.starts[:-1].tolist(),
                self.times[:-1].tolist(),
                self.starts[1:].tolist(),
                self.times[1:].tolist(),
                strict=True,
            )
            fell[1:] |= [started_anew(*pair) for pair in pairs]
        return fell

    def _increases(self, resets: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Last minus first of each window, and what the resets between took away; a first sample that was followed by
        a reset at once does not count at all."""
        first, last = self.first, self.last
        change = self.samples[last] - np.where(resets[first + 1][:, None], 0.0, self.samples[first])
        for reset in np.flatnonzero(resets).tolist():
            spanned = (first + 1 < reset) & (reset <= last)
            change[spanned] += self.samples[reset - 1]
        return change

    def _factors(
        self, increase: NDArray[np.float64], begun: NDArray[np.bool_], *, is_counter: bool
    ) -> NDArray[np.float64]:
        """How much larger the change over each whole range is taken to be than between its samples."""
        first_ms, last_ms = self.times[self.first], self.times[self.last]
        to_start, to_end = (first_ms - self.range_starts) / 1000, (self.range_ends - last_ms) / 1000
        sampled = (last_ms - first_ms) / 1000
        usual = sampled / (self.last - self.first)
        near = usual * 1.1
        to_start = np.where(to_start >= near, usual / 2, to_start)
        if is_counter:
            first_count = self.samples[self.first, COUNT]
            with np.errstate(divide="ignore", invalid="ignore"):
                to_zero = sampled * (first_count / increase)
            capped = (increase > 0) & (first_count >= 0) & (to_zero < to_start)
            to_start = np.where(capped, to_zero, to_start)
        to_start = np.where(begun, 0.0, to_start)
        sampled = np.where(begun, (last_ms - self.starts[self.first]) / 1000, sampled)
        to_end = np.where(to_end >= near, usual / 2, to_end)
        return (sampled + to_start + to_end) / sampled


def _any_within(marked: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]) -> bool:
    """Say whether some window, `first` and `last` inside, holds a marked sample."""
    before = np.concatenate(([0], np.cumsum(marked)))
    return bool((before[last + 1] > before[first]).any())
