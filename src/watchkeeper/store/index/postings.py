"""A snapshot of which series have which label pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_postings import build_postings, count_postings, union
from watchkeeper.store.index.table import View


@dataclass(frozen=True, slots=True)
class Postings:
    """For the first `count` refs of `view`: `by_rank` the living ones by storage id; a pair's series as rising ranks.

    Pair p has ranks[offsets[p]:offsets[p + 1]].
    """

    view: View
    count: int
    by_rank: NDArray[np.int32]
    offsets: NDArray[np.int64]
    ranks: NDArray[np.int32]

    @classmethod
    def build(cls, view: View) -> Postings:
        """The postings of all series of `view`."""
        living = np.flatnonzero(view.alive[: view.count]).astype(np.int32)
        by_rank = living[np.argsort(view.ids[living])]
        offsets = np.zeros(view.pair_count + 1, dtype=np.int64)
        total = count_postings(living, view.pairs, view.starts, offsets)
        ranks = np.empty(total, dtype=np.int32)
        build_postings(by_rank, view.pairs, view.starts, offsets, offsets.copy(), ranks)
        return cls(view, view.count, by_rank, offsets, ranks)

    def of(self, pair: int) -> NDArray[np.int32]:
        """The ranks of one pair's series."""
        if pair >= self.offsets.size - 1:
            return self.ranks[:0]
        return self.ranks[self.offsets[pair] : self.offsets[pair + 1]]

    def cost(self, pairs: NDArray[np.int32]) -> int:
        """How many postings these pairs have together."""
        known = pairs[pairs < self.offsets.size - 1]
        return int((self.offsets[known + 1] - self.offsets[known]).sum())

    def of_any(self, pairs: NDArray[np.int32]) -> NDArray[np.int32]:
        """The ranks of the series that have any of these pairs (of one label)."""
        known = pairs[pairs < self.offsets.size - 1]
        if known.size == 1:
            return self.of(int(known[0]))
        out = np.empty(self.cost(known), dtype=np.int32)
        marks = np.zeros(self.by_rank.size, dtype=np.uint8)
        return out[: union(known, self.offsets, self.ranks, marks, out)]
