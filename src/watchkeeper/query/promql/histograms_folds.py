"""`sum_over_time` and `avg_over_time` over all windows of one series of native histograms at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.histogram.kahan import compensated_arrays
from watchkeeper.query.promql.histograms import Note
from watchkeeper.query.promql.histograms_dense import CONFLICT, HINT_BITS, Layout, common_layout, hint_of
from watchkeeper.query.promql.histograms_over_time import avg_over_time, sum_over_time
from watchkeeper.query.promql.histograms_series import SeriesOutcome, Windows


def folds(windows: Windows, *, mean: bool) -> SeriesOutcome:
    """The sum, or mean, of each window's histograms; None for an empty window."""
    held = np.flatnonzero(windows.ends > windows.begins)
    if not held.size:
        return SeriesOutcome([None] * len(windows), frozenset())
    low, high = int(windows.begins[held].min()), int(windows.ends[held].max())
    layout = common_layout(windows.histograms[low:high])
    if layout is None:
        return _single_folds(windows, held, mean=mean)
    return _dense_folds(windows, held, layout, low, high, mean=mean)


def _single_folds(windows: Windows, held: NDArray[np.intp], *, mean: bool) -> SeriesOutcome:
    values: list[Histogram | None] = [None] * len(windows)
    notes: set[Note] = set()
    fold = avg_over_time if mean else sum_over_time
    for w in held.tolist():
        outcome = fold(windows.histograms[int(windows.begins[w]) : int(windows.ends[w])])
        values[w] = outcome.value
        notes |= outcome.notes
    return SeriesOutcome(values, frozenset(notes))


def _dense_folds(
    windows: Windows, held: NDArray[np.intp], layout: Layout, low: int, high: int, *, mean: bool
) -> SeriesOutcome:
    histograms = windows.histograms[low:high]
    samples = layout.matrix(histograms)
    first, count = windows.begins[held] - low, windows.ends[held] - windows.begins[held]
    total, lost = samples[first], np.zeros((len(held), layout.width))
    for k in range(1, int(count.max())):
        longer = np.flatnonzero(count > k)
        total[longer], lost[longer] = compensated_arrays(samples[first[longer] + k], total[longer], lost[longer])
    if mean:
        total, lost = total / count[:, None], lost / count[:, None]
    hints = _hints(histograms, first, count)
    with np.errstate(invalid="ignore"):
        made = layout.histograms(total + lost, [hint_of(bits) for bits in hints.tolist()])
    values: list[Histogram | None] = [None] * len(windows)
    for w, value in zip(held.tolist(), made, strict=True):
        values[w] = value
    if mean:  # A sum that left the range of floats is taken again, the careful way.
        for w in held[~np.isfinite(total).all(axis=1)].tolist():
            values[w] = avg_over_time(windows.histograms[int(windows.begins[w]) : int(windows.ends[w])]).value
    conflict = ((hints & CONFLICT) == CONFLICT).any()
    return SeriesOutcome(values, frozenset({Note.CONFLICT_IN_AGGREGATION} if conflict else ()))


def _hints(histograms: Sequence[Histogram], first: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which hints occur in each window, as bits."""
    found = np.array([HINT_BITS[h.reset] for h in histograms])
    bits = np.zeros(len(first), dtype=np.int64)
    for bit in HINT_BITS.values():
        before = np.concatenate(([0], np.cumsum(found == bit)))
        bits |= np.where(before[first + count] > before[first], bit, 0)
    return bits
