"""Samples in the order in which they came, put into the order of their series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

_MIX = np.uint64(0x9E3779B97F4A7C15)


@kernel
def order(ids: NDArray[np.uint64], times: NDArray[np.int64], out: NDArray[np.int64]) -> None:
    """The rows (m,) by id and time, rows of equal id and time in the order in which they stand.

    There are few series beside samples and most come in order of time: only the distinct ids are sorted.
    """
    m = ids.size
    bits = 4
    while (1 << bits) < 2 * m:
        bits += 1
    shift, mask = np.uint64(64 - bits), (1 << bits) - 1
    table = np.full(1 << bits, -1, dtype=np.int32)
    number = np.empty(m, dtype=np.int32)
    first = np.empty(m, dtype=np.int32)
    sizes = np.zeros(m, dtype=np.int32)
    distinct = 0
    for i in range(m):
        slot = np.int64((ids[i] * _MIX) >> shift)
        while table[slot] >= 0 and ids[first[table[slot]]] != ids[i]:
            slot = (slot + 1) & mask
        if table[slot] < 0:
            table[slot] = distinct
            first[distinct] = i
            distinct += 1
        number[i] = table[slot]
        sizes[table[slot]] += 1
    ranked = np.argsort(ids[first[:distinct]])
    begins = np.empty(distinct, dtype=np.int64)
    at = 0
    for k in range(distinct):
        begins[ranked[k]] = at
        at += sizes[ranked[k]]
    fill = begins.copy()
    for i in range(m):
        out[fill[number[i]]] = i
        fill[number[i]] += 1
    for k in range(distinct):
        _sort_span(out[begins[k] : begins[k] + sizes[k]], times)


@kernel
def _sort_span(rows: NDArray[np.int64], times: NDArray[np.int64]) -> None:
    rising = True
    for k in range(1, rows.size):
        if times[rows[k]] < times[rows[k - 1]]:
            rising = False
            break
    if not rising:
        rows[:] = rows[np.argsort(times[rows], kind="mergesort")]


@kernel
def last_written(rows: NDArray[np.int64], ids: NDArray[np.uint64], times: NDArray[np.int64]) -> int:
    """Of neighbouring rows with one id and time keep the last, moving rows forward; how many are left."""
    left = 0
    for k in range(rows.size):
        if left and ids[rows[left - 1]] == ids[rows[k]] and times[rows[left - 1]] == times[rows[k]]:
            left -= 1
        rows[left] = rows[k]
        left += 1
    return left


@kernel
def take(
    rows: NDArray[np.int64],
    ids: NDArray[np.uint64],
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    out_ids: NDArray[np.uint64],
    out_times: NDArray[np.int64],
    out_values: NDArray[np.float64],
) -> None:
    """The given rows of three columns, in one pass."""
    for k in range(rows.size):
        row = rows[k]
        out_ids[k], out_times[k], out_values[k] = ids[row], times[row], values[row]


@kernel
def slots(ids: NDArray[np.uint64], bits: int, out: NDArray[np.int32]) -> None:
    """A number below 2**bits for each id, well spread; different ids may share one."""
    shift = np.uint64(64 - bits)
    for i in range(ids.size):
        out[i] = np.int32((ids[i] * _MIX) >> shift)
