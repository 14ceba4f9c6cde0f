"""`rate`, `increase` and `delta` over all windows of one series of native histograms at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import CounterReset, Histogram
from watchkeeper.query.promql.histograms import Note
from watchkeeper.query.promql.histograms_dense import COUNT, SUM, common_layout
from watchkeeper.query.promql.histograms_window import Window, extrapolated


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
    layout = None
    if windows.starts is None and len(lasting):
        low, high = int(windows.begins[lasting].min()), int(windows.ends[lasting].max())
        layout = common_layout(windows.histograms[low:high])
        if layout is not None:
            return _dense_rates(windows, lasting, low, high, is_counter=is_counter, is_rate=is_rate)
    return _single_rates(windows, is_counter=is_counter, is_rate=is_rate)


def _single_rates(windows: Windows, *, is_counter: bool, is_rate: bool) -> SeriesOutcome:
    values: list[Histogram | None] = []
    notes: set[Note] = set()
    for w in range(len(windows)):
        if windows.begins[w] == windows.ends[w]:
            values.append(None)
            continue
        outcome = extrapolated(windows.window(w), is_counter=is_counter, is_rate=is_rate)
        values.append(outcome.value)
        notes |= outcome.notes
    return SeriesOutcome(values, frozenset(notes))


def _dense_rates(
    windows: Windows, lasting: NDArray[np.intp], low: int, high: int, *, is_counter: bool, is_rate: bool
) -> SeriesOutcome:
    """The same for samples of one layout without start timestamps; only windows of two samples or more answer."""
    histograms = windows.histograms[low:high]
    layout = common_layout(histograms)
    assert layout is not None
    samples = layout.matrix(histograms)
    first, last = windows.begins[lasting] - low, windows.ends[lasting] - 1 - low
    gauges = np.array([h.reset is CounterReset.GAUGE for h in histograms])
    if is_counter:
        change = _increases(samples, _resets(samples, histograms), first, last)
        before = np.concatenate(([0], np.cumsum(gauges)))
        notes = {Note.NOT_A_COUNTER} if (before[last + 1] > before[first]).any() else set[Note]()
    else:
        change = samples[last] - samples[first]
        notes = {Note.NOT_A_GAUGE} if not (gauges[first] & gauges[last]).all() else set[Note]()
    factor = _factors(windows, lasting, samples[first, COUNT], change[:, COUNT], is_counter=is_counter)
    if is_rate:
        factor = factor / windows.seconds
    found = layout.histograms(change * factor[:, None], [CounterReset.GAUGE] * len(lasting))
    values: list[Histogram | None] = [None] * len(windows)
    for w, value in zip(lasting.tolist(), found, strict=True):
        values[w] = value
    return SeriesOutcome(values, frozenset(notes))


def _resets(samples: NDArray[np.float64], histograms: Sequence[Histogram]) -> NDArray[np.bool_]:
    """Which samples follow a counter reset, shape (m,): a hint decides, else any count or bucket that fell."""
    counts = np.delete(samples, SUM, axis=1)
    fell = np.zeros(len(samples), dtype=np.bool_)
    fell[1:] = (counts[1:] < counts[:-1]).any(axis=1)
    hints = np.array([h.reset for h in histograms])
    fell[hints == CounterReset.YES] = True
    fell[hints == CounterReset.NO] = False
    return fell


def _increases(
    samples: NDArray[np.float64], resets: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Last minus first of each window, and what the resets between took away; a first sample that was followed by a
    reset at once does not count at all."""
    change = samples[last] - np.where(resets[first + 1][:, None], 0.0, samples[first])
    for reset in np.flatnonzero(resets).tolist():
        spanned = (first + 1 < reset) & (reset <= last)
        change[spanned] += samples[reset - 1]
    return change


def _factors(
    windows: Windows,
    lasting: NDArray[np.intp],
    first_count: NDArray[np.float64],
    increase: NDArray[np.float64],
    *,
    is_counter: bool,
) -> NDArray[np.float64]:
    """How much larger the change over each whole range is taken to be than between its samples."""
    first_ms, last_ms = windows.times[windows.begins[lasting]], windows.times[windows.ends[lasting] - 1]
    to_start = (first_ms - windows.range_starts[lasting]) / 1000
    to_end = (windows.range_ends[lasting] - last_ms) / 1000
    sampled = (last_ms - first_ms) / 1000
    usual = sampled / (windows.ends[lasting] - windows.begins[lasting] - 1)
    near = usual * 1.1
    to_start = np.where(to_start >= near, usual / 2, to_start)
    if is_counter:
        with np.errstate(divide="ignore", invalid="ignore"):
            to_zero = sampled * (first_count / increase)
        capped = (increase > 0) & (first_count >= 0) & (to_zero < to_start)
        to_start = np.where(capped, to_zero, to_start)
    to_end = np.where(to_end >= near, usual / 2, to_end)
    return (sampled + to_start + to_end) / sampled
