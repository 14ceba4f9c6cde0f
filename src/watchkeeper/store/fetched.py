"""What a read brought: samples of series as spans of common columns, before they become blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import select as kernels
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.samples import SeriesBlock


@dataclass(frozen=True, slots=True)
class Fetched:
    """n series by rising storage id; series i has the samples begins[i]:ends[i] of the columns (m,), in time order.

    The spans lie in the order of the series, and may leave gaps.
    """

    ids: NDArray[np.uint64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    timestamps: NDArray[np.int64]
    values: NDArray[np.float64]
    starts: NDArray[np.int64] | None = None
    histogram_at: NDArray[np.int32] | None = None
    histograms: Sequence[Histogram] = ()

    def part(self, ids: NDArray[np.uint64], start: int, end: int) -> Fetched:
        """The spans of some of the series (rising ids, all among ours), between two times."""
        at = np.searchsorted(self.ids, ids)
        begins, ends = self.begins[at], self.ends[at]
        kernels.narrow(begins, ends, self.timestamps, start, end)
        return Fetched(ids, begins, ends, self.timestamps, self.values, self.starts, self.histogram_at, self.histograms)

    def last(self) -> Fetched:
        """The last sample of each series."""
        begins = np.maximum(self.begins, self.ends - 1)
        return Fetched(
            self.ids, begins, self.ends, self.timestamps, self.values, self.starts, self.histogram_at, self.histograms
        )

    def present(self) -> NDArray[np.bool_]:
        """Which series have samples."""
        return self.ends > self.begins

    def block(self, frame: LabelFrame) -> SeriesBlock:
        """The block of the present series, whose labels are `frame`."""
        present = self.present()
        begins, ends = (self.begins, self.ends) if present.all() else (self.begins[present], self.ends[present])
        offsets = np.zeros(begins.size + 1, dtype=np.int64)
        np.cumsum(ends - begins, out=offsets[1:])
        rows: NDArray[np.int64] | slice = slice(None)
        if offsets[-1] != self.timestamps.size:
            rows = np.empty(int(offsets[-1]), dtype=np.int64)
            kernels.rows_of(begins, ends, rows)
        at = None if self.histogram_at is None else self.histogram_at[rows]
        if at is not None and not (at >= 0).any():
            at = None
        return SeriesBlock(
            frame,
            offsets,
            self.timestamps[rows],
            self.values[rows],
            None if self.starts is None else self.starts[rows],
            at,
            () if at is None else self.histograms,
        )
