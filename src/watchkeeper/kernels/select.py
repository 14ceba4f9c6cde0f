"""Rows of an answer, sorted by series and time, as the spans of the series that were asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel


@kernel
def spans(
    series: NDArray[np.uint64],
    base: int,
    timestamps: NDArray[np.int64],
    wanted: NDArray[np.uint64],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> int:
    """Find the rows of each wanted series (rising, distinct): begins[i]:ends[i], both 0 where it has none.

    `series` are the rows from `base` on of an answer whose `timestamps` are given whole; pieces are handed over one
    after the other, and `begins` and `ends` go from call to call. Answers how many rows repeat the timestamp of the
    row before in the same series.
    """
    repeats = 0
    row, rows = 0, len(series)
    at = np.searchsorted(wanted, series[0]) if rows else 0
    while row < rows:
        current, begin = series[row], row
        while at < len(wanted) and wanted[at] < current:
            at += 1
        found = at < len(wanted) and wanted[at] == current
        continued = found and ends[at] > 0 and ends[at] == base + row
        if not continued:
            row += 1
        while row < rows and series[row] == current:
            if timestamps[base + row] == timestamps[base + row - 1]:
                repeats += 1
            row += 1
        if found:
            if not continued:
                begins[at] = base + begin
            ends[at] = base + row
    return repeats


@kernel
def narrow(
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    start: int,
    end: int,
) -> None:
    """Move each span's ends inwards until it holds only timestamps in [start, end]."""
    for i in range(len(begins)):
        low, high = begins[i], ends[i]
        while low < high:
            middle = (low + high) // 2
            if timestamps[middle] < start:
                low = middle + 1
            else:
                high = middle
        begins[i] = low
        high = ends[i]
        while low < high:
            middle = (low + high) // 2
            if timestamps[middle] <= end:
                low = middle + 1
            else:
                high = middle
        ends[i] = max(low, begins[i])


@kernel
def rows_of(begins: NDArray[np.int64], ends: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
    """Write the row numbers of all spans one after the other into `rows`."""
    at = 0
    for i in range(len(begins)):
        for row in range(begins[i], ends[i]):
            rows[at] = row
            at += 1
