"""Every series text and comment line that one target sends, numbered, so that a known line costs a comparison."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import exposition as scanner

T = TypeVar("T", bound=np.generic)
_FIRST_ENTRIES, _FIRST_BYTES = 64, 4096


class Vocabulary:
    """Raw byte keys as entries 0…n−1, with a hash index; entry numbers are int32.

    `kinds` tells series from comments (scanner.SERIES, COMMENT, TYPE_COMMENT + type), `types` the metric type in force
    where a series was first met, `successors` the entry that followed last time, `seen` the last iteration.
    """

    __slots__ = ("count", "hashes", "keys", "kinds", "seen", "starts", "successors", "table", "types")

    def __init__(self) -> None:
        self.count = 0
        self.keys: NDArray[np.uint8] = np.zeros(_FIRST_BYTES, dtype=np.uint8)
        self.starts: NDArray[np.int64] = np.zeros(_FIRST_ENTRIES + 1, dtype=np.int64)
        self.hashes: NDArray[np.uint64] = np.zeros(_FIRST_ENTRIES, dtype=np.uint64)
        self.kinds: NDArray[np.uint8] = np.zeros(_FIRST_ENTRIES, dtype=np.uint8)
        self.types: NDArray[np.uint8] = np.zeros(_FIRST_ENTRIES, dtype=np.uint8)
        self.successors: NDArray[np.int32] = np.full(_FIRST_ENTRIES, -1, dtype=np.int32)
        self.seen: NDArray[np.int64] = np.full(_FIRST_ENTRIES, -1, dtype=np.int64)
        self.table: NDArray[np.int32] = np.full(2 * _FIRST_ENTRIES, -1, dtype=np.int32)

    def __len__(self) -> int:
        return self.count

    @property
    def size_bytes(self) -> int:
        """The memory that the arrays take."""
        return sum(getattr(self, name).nbytes for name in self.__slots__ if name != "count")

    def key(self, entry: int) -> bytes:
        """The raw bytes of an entry."""
        return self.keys[self.starts[entry] : self.starts[entry + 1]].tobytes()

    def find(self, key: bytes) -> int:
        """The entry with this key, or −1."""
        text = np.frombuffer(key, dtype=np.uint8)
        return int(scanner.find(text, 0, len(key), self.keys, self.starts, self.hashes, self.table))

    def add(self, key: bytes, kind: int, type_: int) -> int:
        """A new entry for a key that is not there yet."""
        entry, at = self.count, int(self.starts[self.count])
        if entry == self.hashes.shape[0]:
            self._grow_entries(2 * entry)
        if at + len(key) > self.keys.shape[0]:
            self.keys = _enlarged(self.keys, max(2 * self.keys.shape[0], at + len(key)), 0)
        text = np.frombuffer(key, dtype=np.uint8)
        self.keys[at : at + len(key)] = text
        self.starts[entry + 1] = at + len(key)
        self.hashes[entry] = scanner.hash_bytes(text, 0, len(key))
        self.kinds[entry], self.types[entry] = kind, type_
        self.count = entry + 1
        scanner.index_entries(self.hashes, entry, entry + 1, self.table)
        return entry

    def keep(self, entries: NDArray[np.int64]) -> None:
        """Forget all but `entries`, which are renumbered from 0 in the given order."""
        sizes = self.starts[entries + 1] - self.starts[entries]
        keys = np.zeros(max(_FIRST_BYTES, int(sizes.sum())), dtype=np.uint8)
        starts = np.zeros(len(entries) + 1, dtype=np.int64)
        scanner.gather_keys(self.keys, self.starts, entries, keys, starts)
        renumbered = np.full(self.count + 1, -1, dtype=np.int32)
        renumbered[entries] = np.arange(len(entries), dtype=np.int32)
        successors = renumbered[self.successors[entries]]
        capacity = max(_FIRST_ENTRIES, len(entries))
        self.keys, self.starts = keys, _enlarged(starts, capacity + 1, 0)
        self.hashes = _enlarged(self.hashes[entries], capacity, 0)
        self.kinds = _enlarged(self.kinds[entries], capacity, 0)
        self.types = _enlarged(self.types[entries], capacity, 0)
        self.successors, self.seen = _enlarged(successors, capacity, -1), _enlarged(self.seen[entries], capacity, -1)
        self.count = len(entries)
        self._index(capacity)

    def _grow_entries(self, capacity: int) -> None:
        self.starts = _enlarged(self.starts, capacity + 1, 0)
        self.hashes = _enlarged(self.hashes, capacity, 0)
        self.kinds, self.types = _enlarged(self.kinds, capacity, 0), _enlarged(self.types, capacity, 0)
        self.successors, self.seen = _enlarged(self.successors, capacity, -1), _enlarged(self.seen, capacity, -1)
        self._index(capacity)

    def _index(self, capacity: int) -> None:
        """A fresh index, at most half full until there are `capacity` entries."""
        self.table = np.full(1 << (2 * capacity - 1).bit_length(), -1, dtype=np.int32)
        scanner.index_entries(self.hashes, 0, self.count, self.table)


def _enlarged(array: NDArray[T], size: int, fill: int) -> NDArray[T]:
    """A copy of `array` with `size` places, the new ones filled."""
    out = np.full(size, fill, dtype=array.dtype)
    out[: array.shape[0]] = array
    return out
