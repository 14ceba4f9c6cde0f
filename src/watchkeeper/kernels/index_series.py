"""The table of series by their label pairs: looked up, registered, unrolled into frames.

A series is its label pairs' ordinals `pairs[starts[ref]:starts[ref + 1]]`, sorted by label name. The lookup table holds
int64 entries `tag << 32 | ref`, −1 where empty; the slot follows from the tag, so that growing needs no other array.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_keys import mix
from watchkeeper.kernels.kernel import kernel

_TAG_BITS = 0xFFFFFFFF


@kernel
def series_hash(
    pairs: NDArray[np.int32], begin: int, end: int, pair_hash: NDArray[np.uint64], seed: np.uint64
) -> np.uint64:
    """The hash of a label set from its pairs' hashes: the same in every process."""
    h = np.uint64(seed)
    for k in range(begin, end):
        h = mix(np.uint64(h ^ pair_hash[pairs[k]]))
    return h


@kernel
def _same_pairs(a: NDArray[np.int32], a0: int, a1: int, b: NDArray[np.int32], b0: int, b1: int) -> bool:
    if a1 - a0 != b1 - b0:
        return False
    for k in range(a1 - a0):  # noqa: SIM110 (Numba compiles no generators)
        if a[a0 + k] != b[b0 + k]:
            return False
    return True


@kernel
def find_series(
    keys: NDArray[np.int32],
    offsets: NDArray[np.int64],
    pair_hash: NDArray[np.uint64],
    seed: np.uint64,
    id_mask: np.uint64,
    table: NDArray[np.int64],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    out: NDArray[np.int32],
) -> None:
    """The refs of the label sets `keys[offsets[i]:offsets[i + 1]]` (pair ordinals, −1 unknown), −1 where not there."""
    mask = np.uint64(table.size - 1)
    for i in range(offsets.size - 1):
        begin, end = offsets[i], offsets[i + 1]
        out[i] = -1
        known = True
        for k in range(begin, end):
            known = known and keys[k] >= 0
        if not known:
            continue
        tag = ((series_hash(keys, begin, end, pair_hash, seed) & id_mask) >> np.uint64(12)) & np.uint64(_TAG_BITS)
        slot = tag & mask
        while table[slot] != -1:
            entry = np.uint64(table[slot])
            if entry >> np.uint64(32) == tag:
                ref = np.int64(entry & np.uint64(_TAG_BITS))
                if _same_pairs(keys, begin, end, pairs, int(starts[ref]), int(starts[ref + 1])):
                    out[i] = ref
                    break
            slot = (slot + np.uint64(1)) & mask


@kernel
def register_series(
    keys: NDArray[np.int32],
    offsets: NDArray[np.int64],
    metric_hash: NDArray[np.uint64],
    pair_hash: NDArray[np.uint64],
    seed: np.uint64,
    id_mask: np.uint64,
    table: NDArray[np.int64],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    ids: NDArray[np.uint64],
    pair_count: NDArray[np.int32],
    count: int,
    out: NDArray[np.int32],
    collided: NDArray[np.int32],
) -> tuple[int, int]:
    """Find or append the label sets `keys[offsets[i]:offsets[i + 1]]`; all arrays have room for all of them.

    A new series' id is `metric_hash[i] | hash & id_mask`. Where another series has that id already, the new ref is put
    into `collided`, and the caller salts its id. Returns the new count of series and how many collided.
    """
    mask = np.uint64(table.size - 1)
    collisions = 0
    for i in range(offsets.size - 1):
        begin, end = offsets[i], offsets[i + 1]
        h = series_hash(keys, begin, end, pair_hash, seed) & id_mask
        tag = (h >> np.uint64(12)) & np.uint64(_TAG_BITS)
        identity = metric_hash[i] | h
        slot = tag & mask
        found = -1
        taken = False
        while table[slot] != -1:
            entry = np.uint64(table[slot])
            if entry >> np.uint64(32) == tag:
                ref = np.int64(entry & np.uint64(_TAG_BITS))
                if _same_pairs(keys, begin, end, pairs, int(starts[ref]), int(starts[ref + 1])):
                    found = ref
                    break
                taken = taken or ids[ref] == identity
            slot = (slot + np.uint64(1)) & mask
        if found < 0:
            found = count
            table[slot] = np.int64((tag << np.uint64(32)) | np.uint64(count))
            at = np.int64(starts[count])
            for k in range(begin, end):
                pairs[at + k - begin] = keys[k]
                pair_count[keys[k]] += 1
            starts[count + 1] = at + end - begin
            ids[count] = identity
            count += 1
            if taken:
                collided[collisions] = found
                collisions += 1
        out[i] = found
    return count, collisions


@kernel
def rehash_series(old: NDArray[np.int64], alive: NDArray[np.uint8], table: NDArray[np.int64]) -> None:
    """Move the entries of living series from one table into another, empty one."""
    mask = np.uint64(table.size - 1)
    for i in range(old.size):
        if old[i] == -1:
            continue
        entry = np.uint64(old[i])
        if alive[np.int64(entry & np.uint64(_TAG_BITS))] == 0:
            continue
        slot = (entry >> np.uint64(32)) & mask
        while table[slot] != -1:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = old[i]


@kernel
def count_pairs(
    refs: NDArray[np.int32],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    change: int,
    pair_count: NDArray[np.int32],
) -> None:
    """Add `change` to the count of every pair of the series `refs`."""
    for i in range(refs.size):
        for k in range(np.int64(starts[refs[i]]), np.int64(starts[refs[i] + 1])):
            pair_count[pairs[k]] += change


@kernel
def compact_pairs(
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    alive: NDArray[np.uint8],
    count: int,
    to: NDArray[np.int32],
    to_starts: NDArray[np.uint32],
) -> int:
    """Copy the pairs of living series; dead ones keep their ref and an empty range. Returns the pairs copied."""
    at = 0
    for ref in range(count):
        to_starts[ref] = at
        if alive[ref] != 0:
            for k in range(np.int64(starts[ref]), np.int64(starts[ref + 1])):
                to[at] = pairs[k]
                at += 1
    to_starts[count] = at
    return at


@kernel
def groups_present(
    refs: NDArray[np.int32],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    pair_key: NDArray[np.int64],
    present: NDArray[np.uint8],
) -> None:
    """Mark the label names (groups, the upper half of a pair's key) that any of `refs` has."""
    for i in range(refs.size):
        for k in range(np.int64(starts[refs[i]]), np.int64(starts[refs[i] + 1])):
            present[pair_key[pairs[k]] >> 32] = 1


@kernel
def fill_frame(
    refs: NDArray[np.int32],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    pair_key: NDArray[np.int64],
    column: NDArray[np.int32],
    codes: NDArray[np.int32],
) -> bool:
    """Write the value symbols (the lower half of a pair's key) of each ref's pairs into its row of zeroed `codes`.

    `column` gives a group's column; where one has none (−1), the frame is given up and the answer is False.
    """
    for i in range(refs.size):
        for k in range(np.int64(starts[refs[i]]), np.int64(starts[refs[i] + 1])):
            key = pair_key[pairs[k]]
            at = column[key >> 32]
            if at < 0:
                return False
            codes[i, at] = key & 0xFFFFFFFF
    return True


@kernel
def unroll(
    refs: NDArray[np.int32],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    pair_key: NDArray[np.int64],
    group_key: NDArray[np.int64],
    names: NDArray[np.int32],
    values: NDArray[np.int32],
) -> None:
    """Write the name and value symbols of each ref's pairs, one series after the other."""
    at = 0
    for i in range(refs.size):
        for k in range(np.int64(starts[refs[i]]), np.int64(starts[refs[i] + 1])):
            key = pair_key[pairs[k]]
            names[at] = group_key[key >> 32] & 0xFFFFFFFF
            values[at] = key & 0xFFFFFFFF
            at += 1
