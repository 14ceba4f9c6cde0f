"""Rows of symbols as groups: factorising, and what a group has at a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

_PRIME = np.uint64(0x9E3779B97F4A7C15)


@kernel
def group_rows(codes: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the distinct rows of `codes` (n, k) in order of appearance.

    Returns each row's group (n,) and each group's first row (g,).
    """
    n, k = codes.shape
    size = 16
    while size < 2 * n:
        size *= 2
    table = np.full(size, -1, dtype=np.int64)
    groups = np.empty(n, dtype=np.int64)
    firsts = np.empty(n, dtype=np.int64)
    count = 0
    for i in range(n):
        digest = np.uint64(k)
        for c in range(k):
            digest = (digest ^ np.uint64(codes[i, c])) * _PRIME
            digest ^= digest >> np.uint64(29)
        slot = np.int64(digest & np.uint64(size - 1))
        while True:
            group = table[slot]
            if group < 0:
                table[slot] = count
                firsts[count] = i
                groups[i] = count
                count += 1
                break
            other = firsts[group]
            same = True
            for c in range(k):
                if codes[i, c] != codes[other, c]:
                    same = False
                    break
            if same:
                groups[i] = group
                break
            slot = (slot + 1) & (size - 1)
    return groups, firsts[:count].copy()


@kernel
def any_in_group(groups: NDArray[np.int64], present: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Say for each of `count` groups and each step whether some row of the group is present; shape (count, s)."""
    n, s = present.shape
    out = np.zeros((count, s), dtype=np.bool_)
    for i in range(n):
        for j in range(s):
            out[groups[i], j] |= present[i, j]
    return out


@kernel
def first_overlap(groups: NDArray[np.int64], present: NDArray[np.bool_], count: int) -> tuple[int, int, int]:
    """The first (earlier row, later row, step) at which two rows of one group are present; −1s if there is none."""
    n, s = present.shape
    holder = np.full((count, s), -1, dtype=np.int32)
    for i in range(n):
        for j in range(s):
            if present[i, j]:
                if holder[groups[i], j] >= 0:
                    return int(holder[groups[i], j]), i, j
                holder[groups[i], j] = i
    return -1, -1, -1


@kernel
def merge_rows(
    groups: NDArray[np.int64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    out: NDArray[np.float64],
    out_present: NDArray[np.bool_],
) -> None:
    """Lay rows (n, s) that do not overlap onto their groups' rows (g, s); `out_present` starts all False."""
    n, s = present.shape
    for i in range(n):
        for j in range(s):
            if present[i, j]:
                out[groups[i], j] = values[i, j]
                out_present[groups[i], j] = True


@kernel
def pair_rows(
    left: NDArray[np.int64], right: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs (left row, right row) of equal group; `count` groups; ordered by left row, then right row."""
    starts = np.zeros(count + 1, dtype=np.int64)
    for r in right:
        starts[r + 1] += 1
    for g in range(count):
        starts[g + 1] += starts[g]
    at = starts[:count].copy()
    rows = np.empty(right.size, dtype=np.int64)
    for i in range(right.size):
        rows[at[right[i]]] = i
        at[right[i]] += 1
    total = 0
    for group in left:
        total += starts[group + 1] - starts[group]
    lefts = np.empty(total, dtype=np.int64)
    rights = np.empty(total, dtype=np.int64)
    p = 0
    for i in range(left.size):
        for k in range(starts[left[i]], starts[left[i] + 1]):
            lefts[p] = i
            rights[p] = rows[k]
            p += 1
    return lefts, rights
