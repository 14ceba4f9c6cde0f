"""Reads of the ring of chunks that `kernels.head` writes.

What costs is not copying but waiting for memory: a series' chunks lie far from each other, and each tells only where
the one before it is. So a lot of series walk their chains together, a chunk of each in turn: none waits for another,
and of series that are written together, as those of a target are, the chunks are neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.head import CHUNK
from watchkeeper.kernels.kernel import kernel

_LOT = 256
_LOT_CHUNKS = 4096
"""So many series walk together, or so many that hold as many chunks: what they met is still in the cache when it is
copied."""


@kernel
def held_by(refs: NDArray[np.int32], held: NDArray[np.int32]) -> int:
    """How many chunks `refs` hold."""
    total = 0
    for i in range(refs.size):
        if refs[i] < held.size:
            total += held[refs[i]]
    return int(total)


@kernel
def _inside(samples: NDArray[np.int64], chunk: int, size: int, start: int, end: int) -> int:
    count = 0
    for k in range(size):
        count += start <= samples[chunk, k] <= end
    return count


@kernel
def _walk(
    refs: NDArray[np.int32],
    start: int,
    end: int,
    samples: NDArray[np.int64],
    before: NDArray[np.int32],
    last: NDArray[np.int32],
    held: NDArray[np.int32],
    fill: NDArray[np.uint8],
    mixed: NDArray[np.uint8],
    firsts: NDArray[np.int64],
    stops: NDArray[np.int64],
    chunks: NDArray[np.int32],
) -> None:
    """Find the chunks that may have samples in [start, end]: of refs[i] chunks[firsts[i]:stops[i]], the newest first.

    Of a series whose times rise all but the first and the last of them lie wholly inside.
    """
    owner = np.empty(refs.size, dtype=np.int32)
    at = np.empty(refs.size, dtype=np.int32)
    left = np.empty(refs.size, dtype=np.int32)
    walking, room = 0, 0
    for i in range(refs.size):
        ref = refs[i]
        firsts[i] = stops[i] = room
        count = held[ref] if ref < held.size else np.int32(0)
        if not count:
            continue
        chunk = last[ref]
        if mixed[ref] or (samples[chunk, 0] <= end and samples[chunk, fill[ref] - 1] >= start):
            chunks[room] = chunk
            stops[i] = room + 1
        if count > 1 and (mixed[ref] or samples[chunk, 0] > start):
            owner[walking], at[walking], left[walking] = i, before[chunk], count - 1
            walking += 1
        room += count
    while walking:
        kept = 0
        for w in range(walking):
            i, chunk = owner[w], at[w]
            oldest = samples[chunk, 0]
            if mixed[refs[i]]:
                oldest = start + 1
            elif samples[chunk, CHUNK - 1] < start:
                continue
            if oldest <= end or mixed[refs[i]]:
                chunks[stops[i]] = chunk
                stops[i] += 1
            if left[w] > 1 and oldest > start:
                owner[kept], at[kept], left[kept] = i, before[chunk], left[w] - 1
                kept += 1
        walking = kept


@kernel
def _count(
    chunks: NDArray[np.int32], newest: int, size: int, mixed: bool, start: int, end: int, samples: NDArray[np.int64]
) -> int:
    """How many samples in [start, end] a series' chunks have; the chunk `newest` holds `size`, any other is full."""
    count = 0
    for c in range(chunks.size):
        if mixed or c == 0 or c == chunks.size - 1:
            count += _inside(samples, chunks[c], size if chunks[c] == newest else CHUNK, start, end)
        else:
            count += CHUNK
    return count


@kernel
def _copy(
    chunk: int,
    size: int,
    start: int,
    end: int,
    at: int,
    samples: NDArray[np.int64],
    opened: NDArray[np.int64],
    times: NDArray[np.int64],
    bits: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> int:
    """Write a chunk's samples in [start, end] so that they end at `at`; where they begin."""
    for k in range(size - 1, -1, -1):
        if start <= samples[chunk, k] <= end:
            at -= 1
            times[at] = samples[chunk, k]
            bits[at] = samples[chunk, CHUNK + k]
            if starts.size:
                starts[at] = opened[chunk, k]
    return at


@kernel
def _copy_whole(
    chunks: NDArray[np.int32],
    at: int,
    samples: NDArray[np.int64],
    opened: NDArray[np.int64],
    times: NDArray[np.int64],
    bits: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> int:
    """As `_copy`, for full chunks that lie wholly inside: unsigned places spare a test for negative ones each."""
    row, width = np.uint64(at), np.uint64(CHUNK)
    for chunk in chunks:
        row -= width
        for k in range(width):
            times[row + k] = samples[np.uint64(chunk), k]
            bits[row + k] = samples[np.uint64(chunk), width + k]
        if starts.size:
            for k in range(width):
                starts[row + k] = opened[np.uint64(chunk), k]
    return int(np.int64(row))


@kernel
def read(
    refs: NDArray[np.int32],
    start: int,
    end: int,
    base: int,
    samples: NDArray[np.int64],
    opened: NDArray[np.int64],
    before: NDArray[np.int32],
    last: NDArray[np.int32],
    held: NDArray[np.int32],
    fill: NDArray[np.uint8],
    mixed: NDArray[np.uint8],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    times: NDArray[np.int64],
    bits: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> int:
    """Write the samples in [start, end] of `refs` to the columns from row `base` on; the row after them.

    Of refs[i] they are begins[i]:ends[i], rising, of a time written twice only the later writing. `starts` is empty
    where `opened` is. Where the columns have too few rows the answer is −1, and what was written means nothing.
    """
    firsts, stops = np.empty(_LOT, np.int64), np.empty(_LOT, np.int64)
    chunks = np.empty(_LOT_CHUNKS, dtype=np.int32)
    at, low, high = base, 0, 0
    while high < refs.size:
        low, high, room = high, high, 0
        while high < min(refs.size, low + _LOT) and (high == low or room < _LOT_CHUNKS):
            room += held_by(refs[high : high + 1], held)
            high += 1
        some = refs[low:high]
        if chunks.size < room:
            chunks = np.empty(room, dtype=np.int32)
        _walk(some, start, end, samples, before, last, held, fill, mixed, firsts, stops, chunks)
        for i in range(some.size):
            begins[low + i] = ends[low + i] = at
            if firsts[i] == stops[i]:
                continue
            ref, found = some[i], chunks[firsts[i] : stops[i]]
            newest, size = int(last[ref]), int(fill[ref])
            at += _count(found, newest, size, mixed[ref] != 0, start, end, samples)
            if at > times.size:
                return -1
            row = _copy(
                found[0], size if found[0] == newest else CHUNK, start, end, at, samples, opened, times, bits, starts
            )
            if mixed[ref]:
                for c in range(1, found.size):
                    row = _copy(found[c], CHUNK, start, end, row, samples, opened, times, bits, starts)
                at = _settle(begins[low + i], at, times, bits, starts)
            elif found.size > 1:
                row = _copy_whole(found[1:-1], row, samples, opened, times, bits, starts)
                _copy(found[-1], CHUNK, start, end, row, samples, opened, times, bits, starts)
            ends[low + i] = at
    return at


@kernel
def _settle(begin: int, end: int, times: NDArray[np.int64], bits: NDArray[np.int64], starts: NDArray[np.int64]) -> int:
    """Sort a span in order of time, the last written of each time alone; where it ends then."""
    order = np.argsort(times[begin:end], kind="mergesort")
    some_times, some_bits = times[begin:end].copy(), bits[begin:end].copy()
    some_starts = starts[begin:end].copy() if starts.size else starts
    at = begin
    for k in range(order.size):
        row = order[k]
        if k + 1 < order.size and some_times[order[k + 1]] == some_times[row]:
            continue
        times[at], bits[at] = some_times[row], some_bits[row]
        if starts.size:
            starts[at] = some_starts[row]
        at += 1
    return at
