"""Aggregations over series at each step.

`groups` int64 (n,) numbers each row's group; `values` float64 and `present` bool are (n, s); the columns first:last of
the outputs (g, s) are written, so that threads can share one call by steps and rows are always added in their order.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel
from watchkeeper.kernels.over_time import quantile_of_sorted
from watchkeeper.kernels.sums import add_compensated


class Aggregation(IntEnum):
    """The aggregations of one number a group."""

    MIN = 0
    MAX = 1
    COUNT = 2
    GROUP = 3


@kernel
def sum_groups(
    groups: NDArray[np.int64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    first: int,
    last: int,
    out: NDArray[np.float64],
    out_present: NDArray[np.bool_],
) -> None:
    """Compensated sums."""
    width = last - first
    compensation = np.zeros((out.shape[0], width), dtype=np.float64)
    out[:, first:last] = np.nan
    out_present[:, first:last] = False
    for i in range(groups.size):
        g = groups[i]
        for j in range(first, last):
            if not present[i, j]:
                continue
            if not out_present[g, j]:
                out_present[g, j] = True
                out[g, j] = values[i, j]
            else:
                out[g, j], compensation[g, j - first] = add_compensated(
                    values[i, j], out[g, j], compensation[g, j - first]
                )
    for g in range(out.shape[0]):
        for j in range(first, last):
            out[g, j] += compensation[g, j - first]


@kernel
def mean_groups(
    groups: NDArray[np.int64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    first: int,
    last: int,
    out: NDArray[np.float64],
    out_present: NDArray[np.bool_],
) -> None:
    """Means of compensated sums; from where a sum would overflow, incremental means."""
    shape = (out.shape[0], last - first)
    compensation = np.zeros(shape, dtype=np.float64)
    counts = np.zeros(shape, dtype=np.float64)
    incremental = np.zeros(shape, dtype=np.bool_)
    out[:, first:last] = np.nan
    for i in range(groups.size):
        g = groups[i]
        for j in range(first, last):
            if not present[i, j]:
                continue
            c, value = j - first, values[i, j]
            counts[g, c] += 1
            count = counts[g, c]
            if count == 1:
                out[g, j] = value
                continue
            if not incremental[g, c]:
                t, new = add_compensated(value, out[g, j], compensation[g, c])
                if not math.isinf(t):
                    out[g, j], compensation[g, c] = t, new
                    continue
                incremental[g, c] = True
                out[g, j] /= count - 1
                compensation[g, c] /= count - 1
            share = (count - 1) / count
            out[g, j], compensation[g, c] = add_compensated(
                value / count, share * out[g, j], share * compensation[g, c]
            )
    for g in range(shape[0]):
        for j in range(first, last):
            c = j - first
            out_present[g, j] = counts[g, c] > 0
            if incremental[g, c]:
                out[g, j] += compensation[g, c]
            else:
                out[g, j] = out[g, j] / counts[g, c] + compensation[g, c] / counts[g, c]


@kernel
def variance_groups(
    groups: NDArray[np.int64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    first: int,
    last: int,
    out: NDArray[np.float64],
    out_present: NDArray[np.bool_],
) -> None:
    """Population variances by Welford's method; a group whose first value is not finite has NaN."""
    shape = (out.shape[0], last - first)
    mean = np.zeros(shape, dtype=np.float64)
    counts = np.zeros(shape, dtype=np.float64)
    out[:, first:last] = np.nan
    for i in range(groups.size):
        g = groups[i]
        for j in range(first, last):
            if not present[i, j]:
                continue
            c, value = j - first, values[i, j]
            counts[g, c] += 1
            if counts[g, c] == 1:
                mean[g, c] = value
                out[g, j] = 0.0 if math.isfinite(value) else np.nan
                continue
            delta = value - mean[g, c]
            mean[g, c] += delta / counts[g, c]
            out[g, j] += delta * (value - mean[g, c])
    for g in range(shape[0]):
        for j in range(first, last):
            out_present[g, j] = counts[g, j - first] > 0
            out[g, j] /= counts[g, j - first]


@kernel
def fold_groups(
    how: int,
    groups: NDArray[np.int64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    first: int,
    last: int,
    out: NDArray[np.float64],
    out_present: NDArray[np.bool_],
) -> None:
    """Minima and maxima (NaN yields to anything), counts, or ones, as `Aggregation` says."""
    out[:, first:last] = np.nan
    out_present[:, first:last] = False
    for i in range(groups.size):
        g = groups[i]
        for j in range(first, last):
            if not present[i, j]:
                continue
            value = values[i, j]
            if not out_present[g, j]:
                out_present[g, j] = True
                out[g, j] = value if how < Aggregation.COUNT else 1.0
            elif how == Aggregation.COUNT:
                out[g, j] += 1.0
            elif how == Aggregation.MIN:
                if value < out[g, j] or math.isnan(out[g, j]):
                    out[g, j] = value
            elif how == Aggregation.MAX and (value > out[g, j] or math.isnan(out[g, j])):
                out[g, j] = value


@kernel
def rows_by_group(groups: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of each group in their order: `rows` (n,) and where each group starts in them (count + 1,)."""
    starts = np.zeros(count + 1, dtype=np.int64)
    for g in groups:
        starts[g + 1] += 1
    for g in range(count):
        starts[g + 1] += starts[g]
    at = starts[:count].copy()
    rows = np.empty(groups.size, dtype=np.int64)
    for i in range(groups.size):
        rows[at[groups[i]]] = i
        at[groups[i]] += 1
    return rows, starts


@kernel
def quantile_groups(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    quantiles: NDArray[np.float64],
    first: int,
    last: int,
    out: NDArray[np.float64],
    out_present: NDArray[np.bool_],
) -> None:
    """The quantiles[j]-quantile of each group at step j, NaN being the least; groups as `rows_by_group` gives them."""
    buffer = np.empty(rows.size, dtype=np.float64)
    for g in range(out.shape[0]):
        for j in range(first, last):
            count = nans = 0
            for r in range(starts[g], starts[g + 1]):
                i = rows[r]
                if present[i, j] and math.isnan(values[i, j]):
                    nans += 1
                elif present[i, j]:
                    buffer[count] = values[i, j]
                    count += 1
            ordered = np.sort(buffer[:count])
            if nans > 0:
                ordered = np.concatenate((np.full(nans, np.nan), ordered))
            out_present[g, j] = ordered.size > 0
            out[g, j] = quantile_of_sorted(ordered, ordered.size, quantiles[j]) if ordered.size > 0 else np.nan
