"""The ring of chunks that holds the newest float samples; its kernels say how."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import head as kernels
from watchkeeper.kernels import head_reading as reading
from watchkeeper.kernels.head import CHUNK, GOING, NEXT
from watchkeeper.store.head_columns import Columns
from watchkeeper.store.index.column import Column

_CHUNK_BYTES = 2 * 8 * CHUNK + 4 + 4 + 8


class Ring:
    """As many chunks as recent samples need, up to the budget; more only while what is not flushed needs them.

    The caller holds the lock. `since` is everywhere the array by ref of times since when a series is complete.
    """

    def __init__(self, budget_bytes: int, first_bytes: int) -> None:
        self._budget = max(budget_bytes // _CHUNK_BYTES, 16)
        self._flushed = self._aged = -1
        self._state = np.array([0, -1], dtype=np.int64)
        self._last: Column[np.int32] = Column(np.int32)
        self._held: Column[np.int32] = Column(np.int32)
        self._fill: Column[np.uint8] = Column(np.uint8)
        self._mixed: Column[np.uint8] = Column(np.uint8)
        self._opened = np.zeros((0, CHUNK), dtype=np.int64)
        self._set_room(min(self._budget, max(first_bytes // _CHUNK_BYTES, 16)))

    def _set_room(self, chunks: int) -> None:
        # Zeroed pages cost no memory until they are touched.
        self._samples = _lines(chunks)
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
                self._grow()

    def _grow(self) -> None:
        chunks = self._owner.size + max(self._owner.size // 2, 1024)
        self._resize(min(chunks, self._budget) if self._owner.size < self._budget else chunks)
        self._let_go()

    def _let_go(self) -> None:
        """Say up to which epoch samples may go: what is recent stays while the budget has room for more chunks."""
        spare = self._owner.size < self._budget
        self._state[GOING] = min(self._flushed, self._aged) if spare else self._flushed

    def flushed(self, epoch: int, aged: int, since: NDArray[np.int64]) -> None:
        """The engine has samples up to `epoch`; up to `aged` nobody misses them in memory.

        A ring that had to grow beyond the budget becomes small again.
        """
        self._flushed, self._aged = max(self._flushed, epoch), max(self._aged, aged)
        self._let_go()
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

    def room_for(self, refs: NDArray[np.int32]) -> int:
        """How many samples of series are here at the most."""
        return reading.held_by(refs, self._held.data) * CHUNK

    def read(self, refs: NDArray[np.int32], start: int, end: int, into: Columns) -> bool:
        """Add the samples of the next series in [start, end]; False where there is not enough room for them."""
        if self._opened.size and not into.starts.size:
            into.with_starts()
        rows = slice(into.series, into.series + refs.size)
        used = reading.read(
            refs, start, end, into.used, self._samples, self._opened, self._before, *self._by_ref(),
            into.begins[rows], into.ends[rows], into.times, into.bits, into.starts,
        )  # fmt: skip
        if used < 0:
            return False
        into.used, into.series = used, rows.stop
        return True

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


def _lines(chunks: int) -> NDArray[np.int64]:
    """Zeroed chunks, each of which is one line of the processor's cache, not parts of two."""
    whole = np.zeros((chunks + 1) * 2 * CHUNK, dtype=np.int64)
    skipped = -(whole.ctypes.data // whole.itemsize) % (2 * CHUNK)
    return whole[skipped : skipped + chunks * 2 * CHUNK].reshape(chunks, 2 * CHUNK)
