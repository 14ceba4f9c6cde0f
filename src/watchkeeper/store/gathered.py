"""The samples of one commit, of all its batches, as one set of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.samples import SampleBatch
from watchkeeper.store.activity import Kind
from watchkeeper.store.native import Coded

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Gathered:
    """All arrays have shape (m,); `histogram_at` points into `histograms`, −1 for a float."""

    tenants: Coded
    refs: NDArray[np.int32]
    timestamps: NDArray[np.int64]
    values: NDArray[np.float64]
    starts: NDArray[np.int64]
    histogram_at: NDArray[np.int32]
    histograms: list[Histogram]

    @classmethod
    def of(cls, batches: Sequence[SampleBatch]) -> Gathered:
        """All samples, in the order in which they came."""
        sizes = [batch.refs.size for batch in batches]
        histograms: list[Histogram] = []
        at = np.full(sum(sizes), -1, dtype=np.int32)
        for batch, begin in zip(batches, np.cumsum([0, *sizes]).tolist(), strict=False):
            for row, histogram in batch.histograms.items():
                at[begin + row] = len(histograms)
                histograms.append(histogram)
        names = list(dict.fromkeys(batch.tenant for batch in batches))
        codes = np.repeat(np.array([names.index(batch.tenant) for batch in batches], dtype=np.int32), sizes)
        return cls(
            Coded(names, codes),
            np.concatenate([batch.refs for batch in batches]),
            np.concatenate([batch.timestamps for batch in batches]),
            np.concatenate([batch.values for batch in batches]),
            _starts(batches, sizes),
            at,
            histograms,
        )

    def __len__(self) -> int:
        return self.refs.size

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Gathered:
        """The samples at the given positions, or under a mask."""
        return Gathered(
            self.tenants.take(rows),
            self.refs[rows],
            self.timestamps[rows],
            self.values[rows],
            self.starts[rows],
            self.histogram_at[rows],
            self.histograms,
        )

    def kinds(self) -> NDArray[np.uint8]:
        """The `Kind` bits of each sample."""
        if not self.histograms and not self.starts.any():
            return np.full(len(self), Kind.FLOAT, dtype=np.uint8)
        kinds = np.where(self.histogram_at < 0, Kind.FLOAT, Kind.HISTOGRAM).astype(np.uint8)
        return kinds | np.where(self.starts != 0, Kind.START, 0).astype(np.uint8)

    def floats(self) -> Gathered:
        """The float samples."""
        return self.take(self.histogram_at < 0) if self.histograms else self


def _starts(batches: Sequence[SampleBatch], sizes: Sequence[int]) -> NDArray[np.int64]:
    if all(batch.starts is None for batch in batches):
        return np.zeros(sum(sizes), dtype=np.int64)
    parts = [np.zeros(n, dtype=np.int64) if b.starts is None else b.starts for b, n in zip(batches, sizes, strict=True)]
    return np.concatenate(parts)


def days(timestamps: NDArray[np.int64]) -> Iterator[slice | NDArray[np.bool_]]:
    """The rows of each day: a day is a partition, and only within one is an insert atomic."""
    if not timestamps.size:
        return
    number = timestamps // DAY_MS
    distinct: list[int] = [int(number[0])] if number.min() == number.max() else np.unique(number).tolist()
    for day in distinct:
        yield slice(None) if len(distinct) == 1 else number == day
