"""Postings: which series have a label pair, as CSR over ranks (positions in the order of storage ids)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_admission import NO_MINUTE, UNKNOWN
from watchkeeper.kernels.kernel import kernel


@kernel
def build_postings(
    by_rank: NDArray[np.int32],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    cursor: NDArray[np.int64],
    postings: NDArray[np.int32],
) -> None:
    """Fill `postings[offsets[pair]:offsets[pair + 1]]` with the rising ranks of the series that have the pair.

    `cursor` starts as a copy of `offsets`.
    """
    for rank in range(by_rank.size):
        ref = by_rank[rank]
        for k in range(np.int64(starts[ref]), np.int64(starts[ref + 1])):
            pair = pairs[k]
            postings[cursor[pair]] = rank
            cursor[pair] += 1


@kernel
def count_postings(
    refs: NDArray[np.int32], pairs: NDArray[np.int32], starts: NDArray[np.uint32], offsets: NDArray[np.int64]
) -> int:
    """Count the pairs of the series into zeroed `offsets[pair + 1]`, then sum them up; returns the total."""
    for i in range(refs.size):
        ref = refs[i]
        for k in range(np.int64(starts[ref]), np.int64(starts[ref + 1])):
            offsets[pairs[k] + 1] += 1
    for pair in range(1, offsets.size):
        offsets[pair] += offsets[pair - 1]
    return offsets[-1]


@kernel
def intersect(a: NDArray[np.int32], b: NDArray[np.int32], out: NDArray[np.int32]) -> int:
    """The common values of two rising arrays into `out` (room for the shorter one); returns how many."""
    if a.size > b.size:
        a, b = b, a
    n, j = 0, 0
    gallop = b.size > 16 * a.size
    for i in range(a.size):
        value = a[i]
        if gallop:
            step = 1
            while j + step < b.size and b[j + step] < value:
                step *= 2
            low, high = j, min(j + step, b.size - 1) + 1
            while low < high:
                middle = (low + high) >> 1
                if b[middle] < value:
                    low = middle + 1
                else:
                    high = middle
            j = low
        else:
            while j < b.size and b[j] < value:
                j += 1
        if j >= b.size:
            break
        if b[j] == value:
            out[n] = value
            n += 1
    return n


@kernel
def union(
    chosen: NDArray[np.int32],
    offsets: NDArray[np.int64],
    postings: NDArray[np.int32],
    marks: NDArray[np.uint8],
    out: NDArray[np.int32],
) -> int:
    """The rising union of the chosen pairs' postings; `marks` are zeroes, one a rank. Returns how many."""
    for c in range(chosen.size):
        for k in range(offsets[chosen[c]], offsets[chosen[c] + 1]):
            marks[postings[k]] = 1
    n = 0
    for rank in range(marks.size):
        if marks[rank] != 0:
            out[n] = rank
            n += 1
    return n


@kernel
def keep_matching(
    refs: NDArray[np.int32],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    pair_key: NDArray[np.int64],
    pair_local: NDArray[np.int32],
    group: int,
    verdict: NDArray[np.uint8],
    absent: bool,
    keep: NDArray[np.uint8],
) -> None:
    """Clear `keep[i]` where series i's value of label `group` has verdict 0, or the label is absent and may not be.

    `verdict[pair_local]` speaks for the group's pairs; −1 as `group` means that no series has the label.
    """
    for i in range(refs.size):
        if keep[i] == 0:
            continue
        ok = absent
        if group >= 0:
            for k in range(np.int64(starts[refs[i]]), np.int64(starts[refs[i] + 1])):
                if pair_key[pairs[k]] >> 32 == group:
                    ok = verdict[pair_local[pairs[k]]] != 0
                    break
        if not ok:
            keep[i] = 0


@kernel
def keep_having(
    refs: NDArray[np.int32], pairs: NDArray[np.int32], starts: NDArray[np.uint32], pair: int, keep: NDArray[np.uint8]
) -> None:
    """Clear `keep[i]` where series i lacks the label pair."""
    for i in range(refs.size):
        if keep[i] == 0:
            continue
        keep[i] = 0
        for k in range(np.int64(starts[refs[i]]), np.int64(starts[refs[i] + 1])):
            if pairs[k] == pair:
                keep[i] = 1
                break


@kernel
def keep_tenant(
    refs: NDArray[np.int32],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    pair_key: NDArray[np.int64],
    group_tenant: NDArray[np.int32],
    tenant: int,
    keep: NDArray[np.uint8],
) -> None:
    """Clear `keep[i]` where series i belongs to another tenant, or is gone."""
    for i in range(refs.size):
        ref = refs[i]
        if starts[ref] == starts[ref + 1] or group_tenant[pair_key[pairs[np.int64(starts[ref])]] >> 32] != tenant:
            keep[i] = 0


@kernel
def keep_overlapping(
    refs: NDArray[np.int32],
    alive: NDArray[np.uint8],
    first: NDArray[np.int32],
    newest: NDArray[np.int64],
    start: int,
    end: int,
    keep: NDArray[np.uint8],
) -> None:
    """Clear `keep[i]` where series i is gone or certainly has no sample in [start, end] ms.

    `first` is in whole minutes, the least int32 where a series' history is unknown; a newest time of the two least
    int64 says nothing either.
    """
    for i in range(refs.size):
        ref = refs[i]
        if alive[ref] == 0 or (
            newest[ref] > UNKNOWN
            and first[ref] != NO_MINUTE
            and (newest[ref] < start or np.int64(first[ref]) * 60000 > end)
        ):
            keep[i] = 0


@kernel
def count_by_pair(
    refs: NDArray[np.int32],
    pairs: NDArray[np.int32],
    starts: NDArray[np.uint32],
    pair_key: NDArray[np.int64],
    pair_local: NDArray[np.int32],
    group: int,
    counts: NDArray[np.int64],
) -> None:
    """Count how many of `refs` have each value of label `group`, into zeroed `counts[pair_local]`."""
    for i in range(refs.size):
        for k in range(np.int64(starts[refs[i]]), np.int64(starts[refs[i] + 1])):
            if pair_key[pairs[k]] >> 32 == group:
                counts[pair_local[pairs[k]]] += 1
                break
