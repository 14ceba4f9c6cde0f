"""Samples in the order in which they came, put into the order of their series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

_MIX = np.uint64(0x9E3779B97F4A7C15)
_FEW = 24


@kernel
def order(ids: NDArray[np.uint64], times: NDArray[np.int64], out: NDArray[np.int64]) -> int:
    """The rows (m,) by id and time, of rows with one id and time the last alone; how many there are.

    There are few series beside samples and most come in order of time: only the distinct ids are sorted.
    """
    m = ids.size
    number, sizes, keys = np.empty(m, dtype=np.int32), np.zeros(m, dtype=np.int32), np.empty(m, dtype=np.uint64)
    distinct = _number(ids, number, sizes, keys)
    begins = np.empty(distinct + 1, dtype=np.int64)
    begins[0] = 0
    for n in range(distinct):
        begins[n + 1] = begins[n] + sizes[n]
    rows, fill = np.empty(m, dtype=np.int32), begins.copy()
    for i in range(m):
        rows[fill[number[i]]] = i
        fill[number[i]] += 1
    ranked, at = _ranked(keys[:distinct]), 0
    for k in range(distinct):
        n = ranked[k]
        at = _put_span(rows[begins[n] : begins[n + 1]], times, out, at)
    return at


@kernel
def _number(
    ids: NDArray[np.uint64], number: NDArray[np.int32], sizes: NDArray[np.int32], keys: NDArray[np.uint64]
) -> int:
    """Number the distinct ids as they come; each row's number, each number's count and id, and how many they are.

    Senders repeat themselves: the id that follows is nearly always the one that followed the last time.
    """
    bits = 4
    while (1 << bits) < 2 * ids.size:
        bits += 1
    shift, mask = np.uint64(64 - bits), (1 << bits) - 1
    table = np.full(1 << bits, -1, dtype=np.int32)
    distinct, guess = 0, 0
    for i in range(ids.size):
        if guess == distinct or keys[guess] != ids[i]:
            slot = np.int64((ids[i] * _MIX) >> shift)
            while table[slot] >= 0 and keys[table[slot]] != ids[i]:
                slot = (slot + 1) & mask
            if table[slot] < 0:
                table[slot] = distinct
                keys[distinct] = ids[i]
                distinct += 1
            guess = table[slot]
        number[i] = guess
        sizes[guess] += 1
        guess += 1
    return distinct


@kernel
def _ranked(keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places of distinct keys in rising order; quick where they are spread evenly, as storage ids are."""
    bits = 1
    while (1 << bits) < keys.size:
        bits += 1
    shift = np.uint64(64 - bits)
    begins = np.zeros((1 << bits) + 1, dtype=np.int64)
    for i in range(keys.size):
        begins[np.int64(keys[i] >> shift) + 1] += 1
    for bucket in range(1 << bits):
        begins[bucket + 1] += begins[bucket]
    out, fill = np.empty(keys.size, dtype=np.int64), begins.copy()
    for i in range(keys.size):
        bucket = np.int64(keys[i] >> shift)
        out[fill[bucket]] = i
        fill[bucket] += 1
    for bucket in range(1 << bits):
        span = out[begins[bucket] : begins[bucket + 1]]
        if span.size > _FEW:
            span[:] = span[np.argsort(keys[span])]
        elif span.size > 1:
            _insert(span, keys)
    return out


@kernel
def _insert(span: NDArray[np.int64], keys: NDArray[np.uint64]) -> None:
    """Sort a short span of places by their keys."""
    for i in range(1, span.size):
        place, j = span[i], i
        while j > 0 and keys[span[j - 1]] > keys[place]:
            span[j] = span[j - 1]
            j -= 1
        span[j] = place


@kernel
def _put_span(rows: NDArray[np.int32], times: NDArray[np.int64], out: NDArray[np.int64], at: int) -> int:
    """Put one series' rows to out[at:], by time, of equal times the last; where they end."""
    begin = at
    for k in range(rows.size):
        if at > begin and times[rows[k]] <= times[out[at - 1]]:
            return begin + _settle(rows, times, out[begin : begin + rows.size])
        out[at] = rows[k]
        at += 1
    return at


@kernel
def _settle(rows: NDArray[np.int32], times: NDArray[np.int64], out: NDArray[np.int64]) -> int:
    left = 0
    for place in np.argsort(times[rows], kind="mergesort"):
        row = rows[place]
        if left and times[out[left - 1]] == times[row]:
            left -= 1
        out[left] = row
        left += 1
    return left


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
