"""The newest samples in memory: all that the engine does not have yet, and as many of the others as a budget allows."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import head as kernels
from watchkeeper.kernels.index_admission import NEVER
from watchkeeper.store.fetched import Fetched
from watchkeeper.store.gathered import Gathered
from watchkeeper.store.head_columns import Columns
from watchkeeper.store.head_histograms import HeadHistograms
from watchkeeper.store.head_ring import Ring
from watchkeeper.store.index.column import Column
from watchkeeper.store.merged import merged

NEVER_COMPLETE = (1 << 63) - 1
"""As a time since when a series is complete: nothing is promised of it."""
_AT_ONCE = 4096
"""Series read under one hold of the lock, so that a large read does not hold up a commit."""


@dataclass(frozen=True, slots=True)
class Recent:
    """What memory has of series in a range: their samples, and since when (ms) none of any of them is missing."""

    fetched: Fetched
    since: int


class Head:
    """Written by the committing thread, read by many.

    Each series has a time since which all its samples are here; what is here from before is newer than what the engine
    has for the same time. A sample goes only after its epoch has been flushed to the engine.
    """

    def __init__(
        self, budget_bytes: int = 256 << 20, recent_s: float = 3 * 3600.0, first_bytes: int = 32 << 20
    ) -> None:
        """At most `budget_bytes` for what is flushed, and `first_bytes` for what was flushed `recent_s` ago."""
        self._lock = threading.Lock()
        self._recent_s = recent_s
        self._flushes: deque[tuple[int, float]] = deque()
        self._ring = Ring(budget_bytes, first_bytes)
        self._since: Column[np.int64] = Column(np.int64, fill=NEVER)
        self._histograms = HeadHistograms(most=budget_bytes >> 12)

    def begin(self, since: NDArray[np.int64], with_histograms: NDArray[np.intp]) -> None:
        """Nothing is here of the series 0 … n-1 that the engine has: each may have samples there before `since`."""
        with self._lock:
            self._reserve(since.size)
            self._since.data[: since.size] = since
            self._histograms.begin(with_histograms.tolist(), since[with_histograms].tolist())

    def append(self, samples: Gathered, epoch: int) -> None:
        """Take samples that are in the log, in the segment `epoch`."""
        if not len(samples):
            return
        floats = samples.floats()
        with self._lock:
            self._reserve(int(samples.refs.max()) + 1)
            self._ring.append(floats.refs, floats.timestamps, floats.values, floats.starts, epoch, self._since.data)
            for row in np.flatnonzero(samples.histogram_at >= 0).tolist() if len(floats) < len(samples) else ():
                histogram = samples.histograms[samples.histogram_at[row]]
                at, start = int(samples.timestamps[row]), int(samples.starts[row])
                self._histograms.add(int(samples.refs[row]), at, start, histogram, epoch)

    def flushed(self, epoch: int, at_s: float) -> None:
        """The engine has, at `at_s` on the monotonic clock, every sample of that segment, and of those before it."""
        self._flushes.append((epoch, at_s))
        aged = -1
        while self._flushes and self._flushes[0][1] <= at_s - self._recent_s:
            aged, _ = self._flushes.popleft()
        with self._lock:
            self._ring.flushed(epoch, aged, self._since.data)
            self._histograms.flushed(epoch)

    def forget(self, refs: NDArray[np.int32]) -> None:
        """Let go of series whose samples, all of them flushed, changed in the engine."""
        with self._lock:
            self._ring.forget(refs[refs < self._since.data.size], self._since.data)
            self._histograms.forget(refs.tolist())

    def read(
        self,
        refs: NDArray[np.int32],
        ids: NDArray[np.uint64],
        start: int,
        end: int,
        with_histograms: Sequence[int] = (),
    ) -> Recent:
        """The samples in [start, end] of `refs`, whose storage ids are `ids`.

        Series in the order of their refs are read fastest, whatever that is for their ids. `with_histograms` are the
        positions in `refs` of series that ever had a histogram.
        """
        since = NEVER
        with self._lock:
            columns = Columns(refs.size, self._ring.room_for(refs))
        while columns.series < refs.size:
            some = refs[columns.series : columns.series + _AT_ONCE]
            with self._lock:
                since = max(since, kernels.reaches_back(some, start, self._since.data))
                there_was_room = self._ring.read(some, start, end, columns)
            if not there_was_room:  # more has been written meanwhile
                columns.widen(2 * columns.times.size + _AT_ONCE)
        fetched = columns.fetched(ids)
        if with_histograms:
            with self._lock:
                found, complete = self._histograms.read(refs, ids, with_histograms, start, end)
            since = max(since, complete)
            fetched = merged(fetched, found, np.array(with_histograms, dtype=np.intp))
        return Recent(fetched, since)

    def reaches_back(self, refs: NDArray[np.int32], start: int) -> bool:
        """Say whether nothing of `refs` at `start` or later is missing here."""
        with self._lock:
            return kernels.reaches_back(refs, start, self._since.data) <= start

    def _reserve(self, size: int) -> None:
        self._since.reserve(size)
        self._ring.reserve(self._since.data.size)
