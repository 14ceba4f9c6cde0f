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
    """What a scan found in a body: n series, m samples, and messages that are decoded one by one; all int64.

    Rows of `series` are (known ordinal, begin, length): in 1.0 the span of the label fields in the body, in 2.0 the
    symbols' range in `pairs` (int32). Rows of `samples` are (series, timestamp ms, bits, start ms), of `extras` (kind,
    series or −1, begin, end, created ms), of `told` metadata (type, help symbol, unit symbol, hash; 0: none).
    """

    body: Body
    series: NDArray[np.int64]
    samples: NDArray[np.int64]
    extras: NDArray[np.int64]
    symbols: Symbols | None
    pairs: NDArray[np.int32]
    told: NDArray[np.int64]

    @classmethod
    def room(cls, body: Body, series: int, metadata: int, symbols: Symbols | None = None) -> Scanned:
        """Arrays for so many series with a sample each; more samples get room as they come."""
        second = 0 if symbols is None else series
        return cls(
            body=body,
            series=np.empty((series, 3), dtype=np.int64),
            samples=np.empty((series + 16, 4), dtype=np.int64),
            extras=np.empty((metadata + 16, 5), dtype=np.int64),
            symbols=symbols,
            pairs=np.empty(24 * second, dtype=np.int32),
            told=np.empty((second, 4), dtype=np.int64),
        )

    @property
    def known(self) -> NDArray[np.int64]:
        """Each series' ordinal among the known ones."""
        return self.series[:, 0]

    @property
    def owner(self) -> NDArray[np.int64]:
        """Each sample's series."""
        return self.samples[:, 0]

    def more_pairs(self) -> None:
        """Room for twice as many label symbols."""
        self.pairs = _grown(self.pairs)

    def more_samples(self) -> None:
        """Room for twice as many samples."""
        self.samples = _grown(self.samples)

    def more_extras(self) -> None:
        """Room for twice as many extras."""
        self.extras = _grown(self.extras)

    def cut(self, state: NDArray[np.int64]) -> Scanned:
        """Leave only what was filled."""
        series = int(state[SERIES])
        self.series, self.told = self.series[:series], self.told[:series]
        self.samples, self.extras = self.samples[: int(state[SAMPLES])], self.extras[: int(state[EXTRAS])]
        return self


def _grown(old: NDArray[T]) -> NDArray[T]:
    grown = np.empty((2 * old.shape[0] + 64, *old.shape[1:]), dtype=old.dtype)
    grown[: old.shape[0]] = old
    return grown
