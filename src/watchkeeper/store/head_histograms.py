"""The newest native histograms in memory: a plain list a series, for there are few beside floats."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_admission import NEVER
from watchkeeper.model.histogram import Histogram
from watchkeeper.store.fetched import Fetched

_Kept = tuple[int, int, Histogram, int]


class HeadHistograms:
    """By series (ms, start ms, histogram, epoch) in order of time, each time once. The caller holds the lock."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._series: dict[int, list[_Kept]] = {}
        self._since: dict[int, int] = {}
        # In the order in which they came: (ref, ms, epoch).
        self._came: deque[tuple[int, int, int]] = deque()
        self._flushed = -1

    def begin(self, refs: Sequence[int], since: Sequence[int]) -> None:
        """The engine may have histograms of these series from before `since`."""
        self._since.update(zip(refs, since, strict=True))

    def add(self, ref: int, at: int, start: int, histogram: Histogram, epoch: int) -> None:
        """Take a histogram, over another of that time."""
        kept = self._series.setdefault(ref, [])
        place = bisect_left(kept, at, key=_time)
        if place < len(kept) and kept[place][0] == at:
            kept[place] = (at, start, histogram, epoch)
        else:
            kept.insert(place, (at, start, histogram, epoch))
        self._came.append((ref, at, epoch))
        self._trim()

    def flushed(self, epoch: int) -> None:
        """Histograms up to that epoch may go."""
        self._flushed = max(self._flushed, epoch)
        self._trim()

    def forget(self, refs: Sequence[int]) -> None:
        """Let go of all histograms of series."""
        for ref in refs:
            kept = self._series.pop(ref, None)
            if kept:
                self._since[ref] = max(self._since.get(ref, NEVER), kept[-1][0] + 1)
        self._came = deque(one for one in self._came if one[0] in self._series)

    def read(
        self, refs: NDArray[np.int32], ids: NDArray[np.uint64], at: Sequence[int], start: int, end: int
    ) -> tuple[Fetched, int]:
        """The histograms in [start, end] of the series refs[at], and since when none of them is missing."""
        found: list[_Kept] = []
        edges = [0]
        since = NEVER
        for ref in refs[np.array(at, dtype=np.intp)].tolist():
            since = max(since, self._since.get(ref, NEVER))
            kept = self._series.get(ref, [])
            found += kept[bisect_left(kept, start, key=_time) : bisect_right(kept, end, key=_time)]
            edges.append(len(found))
        bounds = np.array(edges, dtype=np.int64)
        times = np.array([one[0] for one in found], dtype=np.int64)
        starts = np.array([one[1] for one in found], dtype=np.int64)
        numbers = np.arange(len(found), dtype=np.int32)
        fetched = Fetched(
            ids[np.array(at, dtype=np.intp)], bounds[:-1], bounds[1:], times, np.zeros(len(found)), starts, numbers,
            [one[2] for one in found],
        )  # fmt: skip
        return fetched, since if since > start else NEVER

    def _trim(self) -> None:
        while len(self._came) > self._most and self._came[0][2] <= self._flushed:
            ref, at, _ = self._came.popleft()
            kept = self._series.get(ref, [])
            place = bisect_left(kept, at, key=_time)
            # Written again since then, it has a later place in the queue.
            if place < len(kept) and kept[place][0] == at and kept[place][3] <= self._flushed:
                del kept[place]
                self._since[ref] = max(self._since.get(ref, NEVER), at + 1)
            if not kept:
                self._series.pop(ref, None)


def _time(kept: _Kept) -> int:
    return kept[0]
