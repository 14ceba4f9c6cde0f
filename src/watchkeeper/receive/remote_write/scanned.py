"""What a scan finds in a body: columns of samples, and where the rest lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.remote_write import EXTRAS, SAMPLES, SERIES
from watchkeeper.receive.remote_write.body import Body
from watchkeeper.receive.remote_write.failure import Malformed

T = TypeVar("T", bound=np.generic)


class Unusual(Malformed):
    """A legal message whose fields stand in an order that no sender uses; rewritten, it can be scanned."""

    def __init__(self) -> None:
        super().__init__("the labels of a series do not lie together before its samples")


@dataclass(frozen=True, slots=True)
class Symbols:
    """The s symbols of a 2.0 request: spans of its body (int64, int32) and their 128-bit hashes, shape (s, 2)."""

    starts: NDArray[np.int64]
    lengths: NDArray[np.int32]
    hashes: NDArray[np.uint64]

    @classmethod
    def room(cls, count: int) -> Symbols:
        """Arrays for `count` symbols."""
        return cls(
            np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int32), np.empty((count, 2), dtype=np.uint64)
        )


@dataclass(slots=True)
class Scanned:
    """n series and m samples.

    Series i is the known series `known[i]`. Its labels are, in 1.0, the fields in the span (`label_at[i]`,
    `label_length[i]`); in 2.0 the symbols `pairs[label_at[i]:label_at[i + 1]]`. Sample k belongs to series `owner[k]`.
    Rows of `extras` are (kind, series, begin, end, created) of messages that are decoded one by one; rows of `told`
    metadata (type or −1, help symbol, unit symbol), `told_key` its hash, 0 without any.
    """

    body: Body
    known: NDArray[np.int32]
    label_at: NDArray[np.int64]
    label_length: NDArray[np.int32]
    pairs: NDArray[np.int32]
    told: NDArray[np.int64]
    told_key: NDArray[np.uint64]
    owner: NDArray[np.int32]
    times: NDArray[np.int64]
    bits: NDArray[np.uint64]
    starts: NDArray[np.int64]
    extras: NDArray[np.int64]
    symbols: Symbols | None = None

    @classmethod
    def room(cls, body: Body, series: int, metadata: int, symbols: Symbols | None = None) -> Scanned:
        """Arrays for so many series with a sample each; more samples get room as they come."""
        v2 = symbols is not None
        return cls(
            body=body,
            known=np.empty(series, dtype=np.int32),
            label_at=np.zeros(series + 1, dtype=np.int64),
            label_length=np.empty(0 if v2 else series, dtype=np.int32),
            pairs=np.empty(24 * series if v2 else 0, dtype=np.int32),
            told=np.empty((series if v2 else 0, 3), dtype=np.int64),
            told_key=np.empty(series if v2 else 0, dtype=np.uint64),
            owner=np.empty(series + 16, dtype=np.int32),
            times=np.empty(series + 16, dtype=np.int64),
            bits=np.empty(series + 16, dtype=np.uint64),
            starts=np.empty(series + 16 if v2 else 0, dtype=np.int64),
            extras=np.zeros((metadata + 16, 5), dtype=np.int64),
            symbols=symbols,
        )

    def more_pairs(self) -> None:
        """Room for twice as many label symbols."""
        self.pairs = np.concatenate([self.pairs, np.empty(self.pairs.size + 64, dtype=np.int32)])

    def more_samples(self, used: int) -> None:
        """Room for twice as many samples, of which `used` are there."""
        room = 2 * self.owner.size
        self.owner, self.times = _grown(self.owner, used, room), _grown(self.times, used, room)
        self.bits = _grown(self.bits, used, room)
        if self.starts.size:
            self.starts = _grown(self.starts, used, room)

    def more_extras(self, used: int) -> None:
        """Room for twice as many extras."""
        grown = np.zeros((2 * self.extras.shape[0], 5), dtype=np.int64)
        grown[:used] = self.extras[:used]
        self.extras = grown

    def cut(self, state: NDArray[np.int64]) -> Scanned:
        """Only what was filled."""
        series, samples = int(state[SERIES]), int(state[SAMPLES])
        self.known = self.known[:series]
        self.owner, self.times, self.bits = self.owner[:samples], self.times[:samples], self.bits[:samples]
        self.starts, self.extras = self.starts[:samples], self.extras[: int(state[EXTRAS])]
        return self


def _grown(old: NDArray[T], used: int, room: int) -> NDArray[T]:
    grown = np.empty(room, dtype=old.dtype)
    grown[:used] = old[:used]
    return grown
