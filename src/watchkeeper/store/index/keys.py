"""A growing table from 64-bit keys to dense ordinals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_keys import find_keys, intern_keys, rehash_keys
from watchkeeper.store.index.column import Column

_FIRST_SIZE = 2048


class Keys:
    """Ordinals 0, 1, 2 … for non-negative int64 keys, in the order in which they first came."""

    __slots__ = ("_table", "count", "stored")

    def __init__(self) -> None:
        self._table = np.full(_FIRST_SIZE, -1, dtype=np.int32)
        self.stored: Column[np.int64] = Column(np.int64)
        self.count = 0

    def find(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """The ordinals of `keys`, −1 where unknown or where the key is negative."""
        out = np.empty(keys.size, dtype=np.int32)
        find_keys(keys, self._table, self.stored.data, out)
        return out

    def intern(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """The ordinals of `keys`, given now where there are none yet."""
        out, at = np.empty(keys.size, dtype=np.int32), 0
        while True:
            at, self.count = intern_keys(keys, at, self._table, self.stored.data, self.count, out)
            if at == keys.size:
                return out
            self.stored.reserve(self.count + 1)
            if 2 * (self.count + 1) > self._table.size:
                larger = np.full(self._table.size * 4, -1, dtype=np.int32)
                rehash_keys(self.stored.data, self.count, larger)
                self._table = larger
