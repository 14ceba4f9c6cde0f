"""Interning for the series index: 64-bit keys and spans of bytes become dense ordinals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel


@kernel
def mix(x: np.uint64) -> np.uint64:
    """A bijective scrambling of 64 bits (the finalizer of MurmurHash3)."""
    x = np.uint64(x)
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xFF51AFD7ED558CCD)
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xC4CEB9FE1A85EC53)
    return x ^ (x >> np.uint64(33))


@kernel
def rehash_keys(stored: NDArray[np.int64], count: int, table: NDArray[np.int32]) -> None:
    """Fill an empty open-addressing `table` (size a power of two, −1 empty) with the first `count` stored keys."""
    mask = np.uint64(table.size - 1)
    for ordinal in range(count):
        slot = mix(np.uint64(stored[ordinal])) & mask
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = ordinal


@kernel
def find_keys(
    keys: NDArray[np.int64], table: NDArray[np.int32], stored: NDArray[np.int64], out: NDArray[np.int32]
) -> None:
    """The ordinals of `keys` into `out`, −1 for an unknown or a negative key."""
    mask = np.uint64(table.size - 1)
    for i in range(keys.size):
        out[i] = -1
        if keys[i] < 0:
            continue
        slot = mix(np.uint64(keys[i])) & mask
        while table[slot] >= 0:
            if stored[table[slot]] == keys[i]:
                out[i] = table[slot]
                break
            slot = (slot + np.uint64(1)) & mask


@kernel
def intern_keys(
    keys: NDArray[np.int64],
    begin: int,
    table: NDArray[np.int32],
    stored: NDArray[np.int64],
    count: int,
    out: NDArray[np.int32],
) -> tuple[int, int]:
    """Give ordinals to `keys[begin:]` until the table is half full or `stored` is.

    Returns how far it came and the new count; the caller makes room and calls again.
    """
    mask = np.uint64(table.size - 1)
    for i in range(begin, keys.size):
        if count >= stored.size or 2 * (count + 1) > table.size:
            return i, count
        slot = mix(np.uint64(keys[i])) & mask
        while True:
            ordinal = table[slot]
            if ordinal < 0:
                table[slot] = count
                stored[count] = keys[i]
                out[i] = count
                count += 1
                break
            if stored[ordinal] == keys[i]:
                out[i] = ordinal
                break
            slot = (slot + np.uint64(1)) & mask
    return keys.size, count


@kernel
def hash_bytes(data: NDArray[np.uint8], start: int, length: int) -> np.uint64:
    """A 64-bit hash of a span, for tables in memory only."""
    h = np.uint64(length) ^ np.uint64(0x9E3779B97F4A7C15)
    i, end = start, start + length
    while i + 8 <= end:
        word = np.uint64(0)
        for k in range(8):
            word |= np.uint64(data[i + k]) << np.uint64(8 * k)
        h = (h ^ word) * np.uint64(0xFF51AFD7ED558CCD)
        h ^= h >> np.uint64(32)
        i += 8
    word = np.uint64(0)
    shift = 0
    while i < end:
        word |= np.uint64(data[i]) << np.uint64(shift)
        shift += 8
        i += 1
    return mix(h ^ word)


@kernel
def same_bytes(data: NDArray[np.uint8], a: int, b: int, length: int) -> bool:
    """Say whether two spans of one buffer hold the same bytes."""
    for k in range(length):  # noqa: SIM110 (Numba compiles no generators)
        if data[a + k] != data[b + k]:
            return False
    return True


@kernel
def distinct_spans(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int32],
    table: NDArray[np.int32],
    inverse: NDArray[np.int32],
    first: NDArray[np.int32],
) -> int:
    """Number the distinct spans in the order they come.

    `inverse[i]` becomes the number of span i, `first[k]` the position of number k's first span. `table` has a size
    that is a power of two of at least twice the spans, filled with −1. Returns how many are distinct.
    """
    mask = np.uint64(table.size - 1)
    count = 0
    for i in range(starts.size):
        slot = hash_bytes(data, int(starts[i]), int(lengths[i])) & mask
        while True:
            number = table[slot]
            if number < 0:
                table[slot] = count
                first[count] = i
                inverse[i] = count
                count += 1
                break
            at = first[number]
            if lengths[at] == lengths[i] and same_bytes(data, int(starts[at]), int(starts[i]), int(lengths[i])):
                inverse[i] = number
                break
            slot = (slot + np.uint64(1)) & mask
    return count


@kernel
def native_spans(data: NDArray[np.uint8], count: int, starts: NDArray[np.int64], lengths: NDArray[np.int32]) -> int:
    """Walk `count` strings of a ClickHouse Native String column (varint length, then bytes).

    Returns the position behind the last one, or −1 where the buffer ends before it.
    """
    at = 0
    for i in range(count):
        length, shift = 0, 0
        while True:
            if at >= data.size or shift > 28:
                return -1
            byte = data[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if at + length > data.size:
            return -1
        starts[i], lengths[i] = at, length
        at += length
    return at
