"""When each series was alive, in spans of two hours, and what kinds of samples it has had."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_admission import is_news
from watchkeeper.store.index.column import Column
from watchkeeper.store.migrations.tables import BUCKET_S

BUCKET_MS = BUCKET_S * 1000
_NO_BUCKET = 1 << 30


class Kind(IntFlag):
    """What a series has had; reads skip the tables that it never was in."""

    FLOAT = 1
    HISTOGRAM = 2
    START = 4
    EXEMPLAR = 8


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit adds to the activity of series; `first` and `last` are numbers of spans, all shape (n,).

    `at` are positions in the commit at which each series stands.
    """

    at: NDArray[np.intp]
    refs: NDArray[np.int32]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    kinds: NDArray[np.uint8]

    @property
    def first_ms(self) -> NDArray[np.int64]:
        """Where the first span begins."""
        return self.first.astype(np.int64) * BUCKET_MS

    @property
    def last_ms(self) -> NDArray[np.int64]:
        """The last millisecond of the last span."""
        return (self.last.astype(np.int64) + 1) * BUCKET_MS - 1


class Activity:
    """By ref: the first and last span with samples, and the kinds; only the committing thread writes."""

    def __init__(self) -> None:
        self._first: Column[np.int32] = Column(np.int32, fill=_NO_BUCKET)
        self._last: Column[np.int32] = Column(np.int32, fill=-_NO_BUCKET)
        self._kinds: Column[np.uint8] = Column(np.uint8)

    def kinds(self, refs: NDArray[np.int32]) -> NDArray[np.uint8]:
        """The `Kind` bits of `refs`."""
        known = self._kinds.data
        if not refs.size or int(refs.max()) < known.size:
            return known[refs]
        return np.where(refs < known.size, known[np.minimum(refs, known.size - 1)], 0).astype(np.uint8)

    def first_ms(self, refs: NDArray[np.int32]) -> NDArray[np.int64]:
        """Where the first spans of `refs` begin."""
        self._reserve(refs)
        return self._first.data[refs].astype(np.int64) * BUCKET_MS

    def last(self, refs: NDArray[np.int32]) -> NDArray[np.int32]:
        """The numbers of the last spans of `refs`; far below 0 where there is none."""
        self._reserve(refs)
        return self._last.data[refs]

    def change(self, refs: NDArray[np.int32], timestamps: NDArray[np.int64], kinds: NDArray[np.uint8]) -> Change | None:
        """What samples (all arrays (m,)) say that is not known yet, one row a series; None where that is nothing."""
        if not refs.size:
            return None
        self._reserve(refs)
        book = self._first.data, self._last.data, self._kinds.data
        if not is_news(refs, timestamps, kinds, BUCKET_MS, *book):
            return None
        bucket = (timestamps // BUCKET_MS).astype(np.int32)
        known = self._kinds.data[refs]
        news = (bucket > self._last.data[refs]) | (bucket < self._first.data[refs]) | ((known | kinds) != known)
        distinct, at, inverse = np.unique(refs[news], return_index=True, return_inverse=True)
        bucket, kinds = bucket[news], kinds[news]
        first = self._first.data[distinct]
        last = self._last.data[distinct]
        bits = self._kinds.data[distinct]
        np.minimum.at(first, inverse, bucket)
        np.maximum.at(last, inverse, bucket)
        np.bitwise_or.at(bits, inverse, kinds)
        return Change(np.flatnonzero(news)[at], distinct, first, last, bits)

    def apply(self, change: Change) -> None:
        """The change is stored."""
        self.set(change.refs, change.first, change.last, change.kinds)

    def set(
        self, refs: NDArray[np.int32], first: NDArray[np.int32], last: NDArray[np.int32], kinds: NDArray[np.uint8]
    ) -> None:
        """What is known of `refs` now."""
        self._reserve(refs)
        self._first.data[refs] = first
        self._last.data[refs] = last
        self._kinds.data[refs] = kinds

    def _reserve(self, refs: NDArray[np.int32]) -> None:
        size = int(refs.max()) + 1 if refs.size else 0
        for column in (self._first, self._last, self._kinds):
            column.reserve(size)
