"""topk, bottomk and limitk: which rows of a group are kept at each step (conventions: `kernels.aggregate`)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel


@kernel
def _worse(a: float, b: float, sign: float) -> bool:
    """Say whether `a` is to be kept less than `b`; NaN is worst, `sign` −1 prefers small values."""
    if math.isnan(a):
        return True
    return sign * a < sign * b


@kernel
def _sink(heap: NDArray[np.int64], size: int, column: NDArray[np.float64], sign: float) -> None:
    """Restore the heap (worst on top) after its top was replaced."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            return
        here: int = heap[at]
        best: int = heap[child]
        if child + 1 < size:
            other: int = heap[child + 1]
            if _worse(column[other], column[best], sign):
                child += 1
                best = other
        if not _worse(column[best], column[here], sign):
            return
        heap[at], heap[child] = heap[child], heap[at]
        at = child


@kernel
def _rise(heap: NDArray[np.int64], size: int, column: NDArray[np.float64], sign: float) -> None:
    """Restore the heap after something was put at its end."""
    at = size - 1
    while at > 0:
        parent = (at - 1) // 2
        here: int = heap[at]
        above: int = heap[parent]
        if not _worse(column[here], column[above], sign):
            return
        heap[at], heap[parent] = heap[parent], heap[at]
        at = parent


@kernel
def top_rows(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    counts: NDArray[np.int64],
    sign: float,
    first: int,
    last: int,
    keep: NDArray[np.bool_],
) -> None:
    """Keep the counts[j] best of each group at step j. `keep` (n, s) starts all False.

    Of equals those are kept that Prometheus' heap of the same size would keep, rows coming in the same order.
    """
    widest = 0
    for j in range(first, last):
        widest = max(widest, counts[j])
    heap = np.empty(min(widest, rows.size) + 1, dtype=np.int64)
    column = np.empty(values.shape[0], dtype=np.float64)
    for j in range(first, last):
        k = min(counts[j], rows.size)
        if k < 1:
            continue
        for i in range(values.shape[0]):
            column[i] = values[i, j]
        for g in range(starts.size - 1):
            size = 0
            for r in range(starts[g], starts[g + 1]):
                i = rows[r]
                if not present[i, j]:
                    continue
                if size < k:
                    heap[size] = i
                    size += 1
                    _rise(heap, size, column, sign)
                    continue
                worst = column[heap[0]]
                if sign * worst < sign * column[i] or (math.isnan(worst) and not math.isnan(column[i])):
                    heap[0] = i
                    _sink(heap, size, column, sign)
            for p in range(size):
                keep[heap[p], j] = True


@kernel
def first_rows(
    groups: NDArray[np.int64], count: int, present: NDArray[np.bool_], counts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Keep the first counts[j] rows of each group that are present at step j; shape (n, s)."""
    n, s = present.shape
    taken = np.zeros((count, s), dtype=np.int64)
    keep = np.zeros((n, s), dtype=np.bool_)
    for i in range(n):
        for j in range(s):
            if present[i, j] and taken[groups[i], j] < counts[j]:
                taken[groups[i], j] += 1
                keep[i, j] = True
    return keep
