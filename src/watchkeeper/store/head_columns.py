"""What a read of the head writes to: columns with room to spare, filled series by series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.store.fetched import Fetched


class Columns:
    """Room for `room` samples of n series. The first `series` of them are here, in the first `used` rows.

    Room that is not used costs no memory: pages come when they are touched.
    """

    def __init__(self, n: int, room: int) -> None:
        self.begins = np.zeros(n, dtype=np.int64)
        self.ends = np.zeros(n, dtype=np.int64)
        self.times = np.empty(room, dtype=np.int64)
        self.bits = np.empty(room, dtype=np.int64)
        self.starts = np.zeros(0, dtype=np.int64)
        self.series = self.used = 0

    def with_starts(self) -> None:
        """Have start timestamps, too: 0 (unknown) for the samples so far."""
        self.starts = np.zeros(self.times.size, dtype=np.int64)

    def widen(self, room: int) -> None:
        """Make room for so many samples in all."""
        self.times, self.bits = self._grown(self.times, room), self._grown(self.bits, room)
        if self.starts.size:
            self.starts = self._grown(self.starts, room)

    def _grown(self, column: NDArray[np.int64], room: int) -> NDArray[np.int64]:
        grown = np.zeros(room, dtype=np.int64)
        grown[: self.used] = column[: self.used]
        return grown

    def fetched(self, ids: NDArray[np.uint64]) -> Fetched:
        """The samples, of series with these storage ids."""
        values, starts = self.bits[: self.used].view(np.float64), self.starts[: self.used]
        return Fetched(ids, self.begins, self.ends, self.times[: self.used], values, starts if starts.any() else None)
