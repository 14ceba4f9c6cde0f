"""Rows of an answer, sorted by series and time, as the spans of the series that were asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel


@kernel
def spans(
    series: NDArray[np.uint64],
    timestamps: NDArray[np.int64],
    wanted: NDArray[np.uint64],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> tuple[int, int]:
    """Find the rows of each wanted series (rising, distinct): begins[i]:ends[i], empty where it has none.

    Answers how many rows belong to no wanted series, and how many repeat the timestamp of the row before.
    """
    begins[:] = 0
    ends[:] = 0
    strays = repeats = 0
    at, row, rows = 0, 0, len(series)
    while row < rows:
        current, begin = series[row], row
        row += 1
        while row < rows and series[row] == current:
            if timestamps[row] == timestamps[row - 1]:
                repeats += 1
            row += 1
        while at < len(wanted) and wanted[at] < current:
            at += 1
        if at < len(wanted) and wanted[at] == current:
            begins[at] = begin
            ends[at] = row
        else:
            strays += row - begin
    return strays, repeats


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
