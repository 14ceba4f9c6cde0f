"""An answer's rows in the order in which the engine read them, gathered by series without sorting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import runs as kernels
from watchkeeper.store.native import Block


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block and its runs: where each begins in the block, and where it goes."""

    block: Block
    begins: NDArray[np.int64]
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Runs:
    """Series i of those wanted has the rows offsets[i]:offsets[i+1], in time order, of every column."""

    pieces: Sequence[_Piece]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, blocks: Sequence[Block], ids: NDArray[np.uint64]) -> Runs | None:
        """The rows of series `ids` (rising, distinct); None where rows of a series overlap in time between runs.

        (Late samples, and timestamps written twice, in parts that are not merged yet: the engine has to order those.)
        """
        found = [_find(block, ids) for block in blocks]
        begins = [one[0] for one in found]
        sizes = [np.diff(b, append=block.rows) for b, block in zip(begins, blocks, strict=True)]
        owners, firsts, lasts = (_joined([one[i] for one in found]) for i in (1, 2, 3))
        offsets = np.zeros(ids.size + 1, dtype=np.int64)
        places = np.empty(owners.size, dtype=np.int64)
        apart = kernels.lay_out(owners, _joined(sizes), firsts, lasts, offsets, places)
        if not apart:
            return None
        ends = np.cumsum([b.size for b in begins], dtype=np.int64).tolist()
        parts = [places[end - b.size : end] for b, end in zip(begins, ends, strict=True)]
        return cls([_Piece(*one) for one in zip(blocks, begins, parts, strict=True)], offsets)

    def column(self, name: str) -> NDArray[np.int64]:
        """A column of int64."""
        out = np.empty(int(self.offsets[-1]), dtype=np.int64)
        for piece in self.pieces:
            kernels.put(cast("NDArray[np.int64]", piece.block.array(name)), piece.begins, piece.places, out)
        return out

    def values(self) -> NDArray[np.float64]:
        """The values, from their mantissas and exponents."""
        out = np.empty(int(self.offsets[-1]), dtype=np.float64)
        for piece in self.pieces:
            mantissas = cast("NDArray[np.int64]", piece.block.array("mantissa"))
            exponents = cast("NDArray[np.int8]", piece.block.array("exponent"))
            kernels.put_decoded(mantissas, exponents, piece.begins, piece.places, out)
        return out


_Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _find(block: Block, ids: NDArray[np.uint64]) -> _Found:
    """Begins, owners, first and last timestamps of a block's runs."""
    series = cast("NDArray[np.uint64]", block.array("series"))
    timestamps = cast("NDArray[np.int64]", block.array("timestamp"))
    begins, owners, firsts, lasts = (np.empty(block.rows, dtype=np.int64) for _ in range(4))
    count = kernels.find_runs(series, timestamps, ids, owners, begins, firsts, lasts)
    return begins[:count].copy(), owners[:count].copy(), firsts[:count].copy(), lasts[:count].copy()


def _joined(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])
