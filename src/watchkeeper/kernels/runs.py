"""Rows that came in no order but in runs (of one series, in time order), put side by side by series and time.

A table's part is sorted by tenant, span of time, series and time, so each block that the engine reads consists of such
runs. Sorting a few runs is far cheaper than sorting every row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel
from watchkeeper.kernels.mantissa import decode


@kernel
def find_runs(
    series: NDArray[np.uint64],
    timestamps: NDArray[np.int64],
    wanted: NDArray[np.uint64],
    owners: NDArray[np.int64],
    begins: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
) -> int:
    """Find the runs of one block; how many there are.

    Run k begins at row begins[k] and ends where the next begins (or the block ends), is of series wanted[owners[k]]
    (rising, distinct; −1 where it is none of them), and lies in [firsts[k], lasts[k]]. The outputs have room for a run
    of each row.
    """
    count = 0
    at = 0
    for row in range(len(series)):
        if row and series[row] == series[row - 1] and timestamps[row] > timestamps[row - 1]:
            lasts[count - 1] = timestamps[row]
            continue
        current = series[row]
        if at < len(wanted) and wanted[at] < current and at + 1 < len(wanted) and wanted[at + 1] >= current:
            at += 1
        elif at == len(wanted) or wanted[at] != current:
            at = np.searchsorted(wanted, current)
        owners[count] = at if at < len(wanted) and wanted[at] == current else -1
        begins[count] = row
        firsts[count] = lasts[count] = timestamps[row]
        count += 1
    return count


@kernel
def lay_out(
    owners: NDArray[np.int64],
    sizes: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    offsets: NDArray[np.int64],
    places: NDArray[np.int64],
) -> bool:
    """Give each run its place (its first row, −1 where nobody owns it), and each of n series offsets[i]:offsets[i+1].

    Answers False where runs of a series overlap in time: then places mean nothing.
    """
    runs, n = len(owners), len(offsets) - 1
    starts = np.zeros(n + 1, dtype=np.int64)
    offsets[:] = 0
    for k in range(runs):
        if owners[k] >= 0:
            starts[owners[k] + 1] += 1
            offsets[owners[k] + 1] += sizes[k]
    for i in range(n):
        starts[i + 1] += starts[i]
        offsets[i + 1] += offsets[i]
    order = np.empty(starts[n], dtype=np.int64)
    fill = starts[:n].copy()
    for k in range(runs):
        places[k] = -1
        if owners[k] >= 0:
            order[fill[owners[k]]] = k
            fill[owners[k]] += 1
    for i in range(n):
        mine = order[starts[i] : starts[i + 1]]
        _by_first(mine, firsts)
        place = offsets[i]
        for j in range(len(mine)):
            if j and firsts[mine[j]] <= lasts[mine[j - 1]]:
                return False
            places[mine[j]] = place
            place += sizes[mine[j]]
    return True


@kernel
def _by_first(runs: NDArray[np.int64], firsts: NDArray[np.int64]) -> None:
    for j in range(1, len(runs)):
        if firsts[runs[j]] < firsts[runs[j - 1]]:
            runs[:] = runs[np.argsort(firsts[runs])]
            return


@kernel
def put(
    column: NDArray[np.int64], begins: NDArray[np.int64], places: NDArray[np.int64], out: NDArray[np.int64]
) -> None:
    """Copy a block's column, run by run, to its places in `out`."""
    for k in range(len(begins)):
        end = begins[k + 1] if k + 1 < len(begins) else len(column)
        place = places[k]
        if place >= 0:
            for row in range(begins[k], end):
                out[place + row - begins[k]] = column[row]


@kernel
def put_decoded(
    mantissas: NDArray[np.int64],
    exponents: NDArray[np.int8],
    begins: NDArray[np.int64],
    places: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """As `put`, for values that are split into mantissas and exponents."""
    for k in range(len(begins)):
        begin, place = begins[k], places[k]
        end = begins[k + 1] if k + 1 < len(begins) else len(mantissas)
        if place >= 0:
            decode(mantissas[begin:end], exponents[begin:end], out[place : place + end - begin])
