"""Histograms of one layout as rows of a matrix, so that a step of arithmetic costs one NumPy call for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import (
    NO_BUCKETS,
    Buckets,
    CounterReset,
    Histogram,
    upper_bounds,
)

_WIDEST = 1 << 16
"""Bucket indexes spread wider than this are not worth a dense table."""
_SCALARS = 3
COUNT, SUM, ZERO = range(_SCALARS)
HINT_BITS = {CounterReset.UNKNOWN: 1, CounterReset.YES: 2, CounterReset.NO: 4, CounterReset.GAUGE: 8}
CONFLICT = HINT_BITS[CounterReset.YES] | HINT_BITS[CounterReset.NO]
"""Both bits are set where hints contradict each other."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a matrix: count, sum, zero count, positive buckets, negative buckets.

    `positive` and `negative` are the bucket indexes, int32 rising.
    """

    schema: int
    zero_threshold: float
    custom_values: tuple[float, ...]
    positive: NDArray[np.int32]
    negative: NDArray[np.int32]

    @property
    def width(self) -> int:
        """How many columns there are."""
        return _SCALARS + len(self.positive) + len(self.negative)

    def matrix(self, histograms: Sequence[Histogram]) -> NDArray[np.float64]:
        """The histograms as rows, shape (n, width)."""
        dense = np.zeros((len(histograms), self.width))
        dense[:, :_SCALARS] = [(h.count, h.sum, h.zero_count) for h in histograms]
        _fill(dense, [h.positive for h in histograms], self.positive, _SCALARS)
        _fill(dense, [h.negative for h in histograms], self.negative, _SCALARS + len(self.positive))
        return dense

    def histograms(self, dense: NDArray[np.float64], resets: Sequence[CounterReset]) -> list[Histogram]:
        """The rows as histograms with these hints, without their empty buckets."""
        cut = _SCALARS + len(self.positive)
        positive = _sides(self.positive, dense[:, _SCALARS:cut])
        negative = _sides(self.negative, dense[:, cut:])
        scalars = dense[:, :_SCALARS].tolist()
        return [
            Histogram(self.schema, count, total, self.zero_threshold, zero, above, below, self.custom_values, reset)
            for (count, total, zero), above, below, reset in zip(scalars, positive, negative, resets, strict=True)
        ]


def _fill(dense: NDArray[np.float64], sides: list[Buckets], index: NDArray[np.int32], first: int) -> None:
    """Write each row's counts of one sign to the columns from `first` on."""
    lengths = [len(side) for side in sides]
    if not any(lengths):
        return
    low = int(index[0])
    column = np.zeros(int(index[-1]) - low + 1, dtype=np.intp)
    column[index - low] = np.arange(first, first + len(index))
    flat = np.concatenate([side.index for side in sides])
    rows = np.repeat(np.arange(len(sides)), lengths)
    dense[rows, column[flat - low]] = np.concatenate([side.count for side in sides])


def _sides(index: NDArray[np.int32], counts: NDArray[np.float64]) -> list[Buckets]:
    populated = counts != 0
    if populated.all():
        return [Buckets(index, row) for row in counts] if len(index) else [NO_BUCKETS] * len(counts)
    return [Buckets(index[mask], row[mask]) for mask, row in zip(populated, counts, strict=True)]


def common_layout(histograms: Sequence[Histogram]) -> Layout | None:
    """The layout that holds all of them unchanged, or None where they must be reconciled one by one."""
    first = histograms[0]
    schema, threshold, bounds = first.schema, first.zero_threshold, first.custom_values
    if any(
        h.schema != schema
        or h.zero_threshold != threshold
        or (h.custom_values is not bounds and h.custom_values != bounds)
        for h in histograms
    ):
        return None
    positive = _union(h.positive.index for h in histograms)
    negative = _union(h.negative.index for h in histograms)
    if positive is None or negative is None:
        return None
    for side in (positive, negative):
        if threshold > 0 and len(side) and upper_bounds(side[:1], schema)[0] <= threshold:
            return None
    return Layout(schema, threshold, bounds, positive, negative)


def _union(indexes: Iterable[NDArray[np.int32]]) -> NDArray[np.int32] | None:
    """All indexes that occur, rising; None where they are spread too wide."""
    distinct: dict[int, NDArray[np.int32]] = {id(index): index for index in indexes if len(index)}
    if not distinct:
        return NO_BUCKETS.index
    flat = np.concatenate(list(distinct.values()))
    low, high = int(flat.min()), int(flat.max())
    if high - low >= _WIDEST:
        return None
    seen = np.zeros(high - low + 1, dtype=np.bool_)
    seen[flat - low] = True
    return (np.flatnonzero(seen) + low).astype(np.int32)


def hint_of(bits: int) -> CounterReset:
    """The hint of a sum of histograms whose hints are in `bits`."""
    if bits & HINT_BITS[CounterReset.GAUGE]:
        return CounterReset.GAUGE
    for reset, bit in HINT_BITS.items():
        if bits == bit:
            return reset
    return CounterReset.UNKNOWN
