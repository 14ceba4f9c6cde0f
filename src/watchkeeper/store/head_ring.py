"""The ring of chunks that holds the newest float samples; its kernels say how."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import head as kernels
from watchkeeper.kernels.head import CHUNK, FLUSHED, NEXT
from watchkeeper.store.fetched import Fetched
from watchkeeper.store.index.column import Column

_CHUNK_BYTES = 2 * 8 * CHUNK + 4 + 4 + 8


class Ring:
    """Chunks by the budget, more only while what is not flushed yet needs them. The caller holds the lock.

    `since` is everywhere the array by ref of times since when a series is complete.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._budget = max(budget_bytes // _CHUNK_BYTES, 16)
        self._state = np.array([0, -1], dtype=np.int64)
        self._last: Column[np.int32] = Column(np.int32)
        self._held: Column[np.int32] = Column(np.int32)
        self._fill: Column[np.uint8] = Column(np.uint8)
        self._mixed: Column[np.uint8] = Column(np.uint8)
        self._opened = np.zeros((0, CHUNK), dtype=np.int64)
        self._set_room(self._budget)

    def _set_room(self, chunks: int) -> None:
        # Zeroed pages cost no memory until they are touched.
        self._samples = np.zeros((chunks, 2 * CHUNK), dtype=np.int64)
        self._before = np.zeros(chunks, dtype=np.int32)
        self._owner = np.full(chunks, -1, dtype=np.int32)
        self._epochs = np.zeros(chunks, dtype=np.int64)
        if self._opened.size:
            self._opened = np.zeros((chunks, CHUNK), dtype=np.int64)

    def reserve(self, size: int) -> None:
        """Make room for series up to ref `size` - 1."""
        for column in (self._last, self._held):
            column.reserve(size)
        for column in (self._fill, self._mixed):
            column.reserve(size)

    def append(
        self,
        refs: NDArray[np.int32],
        times: NDArray[np.int64],
        values: NDArray[np.float64],
        starts: NDArray[np.int64] | None,
        epoch: int,
        since: NDArray[np.int64],
    ) -> None:
        """Take float samples."""
        if starts is None or not starts.any():
            starts = np.zeros(0, dtype=np.int64)
        elif not self._opened.size:
            self._opened = np.zeros((self._owner.size, CHUNK), dtype=np.int64)
        at = 0
        while at < refs.size:
            at = kernels.append(
                at, refs, times, values.view(np.int64), starts, epoch, self._state, self._samples, self._opened,
                self._before, self._owner, self._epochs, *self._by_ref(), since,
            )  # fmt: skip
            if at < refs.size:
                self._resize(self._owner.size + max(self._owner.size // 2, 1024))

    def flushed(self, epoch: int, since: NDArray[np.int64]) -> None:
        """Samples up to that epoch may go; a ring that had to grow becomes small again."""
        self._state[FLUSHED] = max(int(self._state[FLUSHED]), epoch)
        if self._owner.size <= self._budget:
            return
        left = kernels.release(
            self._budget, self._state, self._samples, self._owner, self._epochs, *self._by_ref(), since
        )
        if left <= self._budget:
            self._resize(self._budget)

    def forget(self, refs: NDArray[np.int32], since: NDArray[np.int64]) -> None:
        """Let go of all samples of series."""
        kernels.forget(refs, self._samples, self._before, self._owner, *self._by_ref(), since)

    def read(self, refs: NDArray[np.int32], ids: NDArray[np.uint64], start: int, end: int) -> Fetched:
        """The samples of series in [start, end]."""
        counts = np.zeros(refs.size, dtype=np.int64)
        kernels.count(refs, start, end, self._samples, self._before, *self._by_ref(), counts)
        ends = np.cumsum(counts)
        begins = ends - counts
        total = int(ends[-1]) if ends.size else 0
        times, bits = np.empty(total, dtype=np.int64), np.empty(total, dtype=np.int64)
        starts = np.zeros(total if self._opened.size else 0, dtype=np.int64)
        kernels.read(
            refs, start, end, self._samples, self._opened, self._before, *self._by_ref(),
            begins, ends, times, bits, starts,
        )  # fmt: skip
        return Fetched(ids, begins, ends, times, bits.view(np.float64), starts if starts.any() else None)

    def _by_ref(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8], NDArray[np.uint8]]:
        return self._last.data, self._held.data, self._fill.data, self._mixed.data

    def _resize(self, chunks: int) -> None:
        samples, before, owner, epochs, opened = self._samples, self._before, self._owner, self._epochs, self._opened
        self._set_room(chunks)
        order = np.zeros(owner.size, dtype=np.int64)
        place = np.full(owner.size, -1, dtype=np.int32)
        count = kernels.move(
            self._state, order, samples, before, owner, epochs, self._last.data, place,
            self._samples, self._before, self._owner, self._epochs,
        )  # fmt: skip
        if opened.size:
            self._opened[:count] = opened[order[:count]]
        self._state[NEXT] = count % chunks
