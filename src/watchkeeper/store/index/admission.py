"""What may be stored: order and duplicates, judged before a commit and settled after it."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_admission import admit, take_back
from watchkeeper.store.index.index import SeriesIndex

WINDOW_MS = 3_600_000
NO_WINDOW = -1
"""As a window: every order goes, and the last written value of a timestamp wins."""

_ALL_FLOATS = np.zeros(0, dtype=np.uint8)
_FOREVER = (1 << 63) - 1


class Verdict(IntEnum):
    """What becomes of one sample."""

    NEWER = 0
    """Later than all of its series: to be written."""
    OLDER = 1
    """Not the latest, but inside the window: to be written, perhaps over another value."""
    SAME = 2
    """The newest sample once more: accepted, nothing to write."""
    DUPLICATE = 3
    """Another value for the newest timestamp: refused."""
    OUT_OF_ORDER = 4
    """Older than the newest where the window is 0: refused."""
    TOO_OLD = 5
    """Older than the window: refused."""
    OUT_OF_BOUNDS = 6
    """Too far in the future: refused."""


REFUSALS = {
    Verdict.DUPLICATE: "duplicate sample for timestamp",
    Verdict.OUT_OF_ORDER: "out of order sample",
    Verdict.TOO_OLD: "too old sample",
    Verdict.OUT_OF_BOUNDS: "out of bounds",
}
"""How Prometheus words each refusal."""


class Plan:
    """The judgement of one commit. Until it is confirmed or rolled back, `SeriesIndex.newest` runs ahead of the store.

    Commits are serial: a sample is judged by what the commit before it left behind, so that a failed commit can be
    taken back and its retry is judged anew.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._undo: list[NDArray[np.int64]] = []

    def admit(
        self,
        refs: NDArray[np.int32],
        timestamps: NDArray[np.int64],
        bits: NDArray[np.uint64],
        *,
        kinds: NDArray[np.uint8] = _ALL_FLOATS,
        window_ms: int = WINDOW_MS,
        latest_ms: int = _FOREVER,
    ) -> NDArray[np.uint8]:
        """One `Verdict` a sample, shape (m,), in the order in which they came.

        `bits` are the values' bits, or a histogram's digest where `kinds` is 1. `window_ms` is how far behind its
        series' newest sample a sample may lie (0: not at all; `NO_WINDOW`: no rule applies); later ones than
        `latest_ms` are out of bounds.
        """
        table = self._admission.index.table
        verdicts = np.empty(refs.size, dtype=np.uint8)
        undo = np.empty((refs.size, 5), dtype=np.int64)
        with self._admission.index.lock:
            changes = admit(
                refs,
                timestamps,
                bits,
                kinds,
                window_ms,
                latest_ms,
                table.newest.data,
                table.newest_bits.data,
                table.newest_kind.data,
                table.first.data,
                verdicts,
                undo,
            )
        self._undo.append(undo[:changes])
        return verdicts

    def confirm(self) -> None:
        """The commit is known to be stored."""
        self._undo.clear()
        self._admission.close(self)

    def rollback(self) -> None:
        """The commit is known not to be stored: the newest samples are again what they were."""
        table = self._admission.index.table
        with self._admission.index.lock:
            for undo in reversed(self._undo):
                take_back(undo, table.newest.data, table.newest_bits.data, table.newest_kind.data, table.first.data)
        self._undo.clear()
        self._admission.close(self)


class Admission:
    """Hands out one plan at a time."""

    def __init__(self, index: SeriesIndex) -> None:
        self.index = index
        self._open: Plan | None = None

    def begin(self) -> Plan:
        """A plan for the next commit. Raises RuntimeError while another one is open."""
        if self._open is not None:
            raise RuntimeError("a commit is judged while the one before it is neither confirmed nor rolled back")
        self._open = Plan(self)
        return self._open

    def close(self, plan: Plan) -> None:
        """Plans call this as they end; a second end of the same plan is an error."""
        if self._open is not plan:
            raise RuntimeError("this plan has ended already")
        self._open = None
