"""The series themselves: their pairs, storage ids, newest samples; and how they are found by their label set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

from watchkeeper.kernels.index_admission import NEVER
from watchkeeper.kernels.index_series import compact_pairs, count_pairs, find_series, register_series, rehash_series
from watchkeeper.store.index.column import Column
from watchkeeper.store.index.pairs import Pairs

ID_BITS = 44
"""A storage id is 20 bits of the metric name's hash (a metric's series lie together) over 44 of the label set's."""


@dataclass(frozen=True, slots=True)
class View:
    """What readers see: `count` series, and arrays that hold at least those; later writes leave them as they are."""

    count: int
    pairs: NDArray[np.int32]
    starts: NDArray[np.uint32]
    ids: NDArray[np.uint64]
    alive: NDArray[np.uint8]
    first: NDArray[np.int32]
    newest: NDArray[np.int64]
    newest_bits: NDArray[np.uint64]
    newest_kind: NDArray[np.uint8]
    pair_key: NDArray[np.int64]
    pair_local: NDArray[np.int32]
    pair_count: int
    group_tenant: NDArray[np.int32]
    group_count: int


def metric_hash(name: str, id_bits: int = ID_BITS) -> int:
    """The upper bits of the storage ids of a metric's series."""
    return xxhash.xxh3_64_intdigest(name.encode()) >> id_bits << id_bits


def seed(tenant: str) -> np.uint64:
    """Where the hashes of a tenant's label sets begin."""
    return np.uint64(xxhash.xxh3_64_intdigest(tenant.encode()))


class Table:
    """The series by ref. The caller holds the writer's lock, except for `view`."""

    def __init__(self, pairs: Pairs, id_bits: int = ID_BITS) -> None:
        self._pairs = pairs
        self._id_mask = np.uint64((1 << id_bits) - 1)
        self._lookup = np.full(4096, -1, dtype=np.int64)
        self._flat: Column[np.int32] = Column(np.int32)
        self._starts: Column[np.uint32] = Column(np.uint32)
        self._ids: Column[np.uint64] = Column(np.uint64)
        self._alive: Column[np.uint8] = Column(np.uint8)
        self.first: Column[np.int32] = Column(np.int32)
        self.newest: Column[np.int64] = Column(np.int64)
        self.newest_bits: Column[np.uint64] = Column(np.uint64)
        self.newest_kind: Column[np.uint8] = Column(np.uint8)
        self._salted: dict[int, int] = {}
        self.count = 0
        self.living = 0
        self.by_tenant: dict[int, int] = {}
        self.view = self._publish()

    def find(self, tenant: str, keys: NDArray[np.int32], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
        """The refs of label sets given as pairs, −1 where there is no such series."""
        out = np.empty(offsets.size - 1, dtype=np.int32)
        find_series(
            keys,
            offsets,
            self._pairs.hashes.data,
            seed(tenant),
            self._id_mask,
            self._lookup,
            self._flat.data,
            self._starts.data,
            out,
        )
        return out

    def register(
        self, tenant: str, keys: NDArray[np.int32], offsets: NDArray[np.int64], metrics: NDArray[np.uint64]
    ) -> NDArray[np.int32]:
        """The refs of label sets given as pairs, made now where they are new; `metrics` are the ids' upper bits."""
        n, before = offsets.size - 1, self.count
        self._reserve(n, keys.size)
        out, collided = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
        self.count, collisions = register_series(
            keys,
            offsets,
            metrics,
            self._pairs.hashes.data,
            seed(tenant),
            self._id_mask,
            self._lookup,
            self._flat.data,
            self._starts.data,
            self._ids.data,
            self._pairs.counts.data,
            self.count,
            out,
            collided,
        )
        new = slice(before, self.count)
        self._alive.data[new] = 1
        self.newest.data[new] = NEVER
        self._salt(set(collided[:collisions].tolist()), before)
        code = self._pairs.tenant(tenant)
        self.by_tenant[code] = self.by_tenant.get(code, 0) + self.count - before
        self.living += self.count - before
        self.view = self._publish()
        return out

    def name(self, refs: NDArray[np.int32], ids: NDArray[np.uint64]) -> None:
        """Give series the ids under which the store has them already."""
        self._ids.data[refs] = ids

    def drop(self, refs: NDArray[np.int32]) -> None:
        """Forget living series; their refs stay empty for ever."""
        view = self.view
        count_pairs(refs, view.pairs, view.starts, -1, self._pairs.counts.data)
        keys = view.pair_key[view.pairs[view.starts[refs].astype(np.int64)]]
        tenants, dropped = np.unique(view.group_tenant[keys >> 32], return_counts=True)
        for tenant, gone in zip(tenants.tolist(), dropped.tolist(), strict=True):
            self.by_tenant[tenant] -= gone
        self._alive.data[refs] = 0
        self.living -= refs.size
        flat: Column[np.int32] = Column(np.int32)
        flat.reserve(int(view.starts[self.count]))
        starts: Column[np.uint32] = Column(np.uint32)
        starts.reserve(self.count + 1)
        compact_pairs(view.pairs, view.starts, self._alive.data, self.count, flat.data, starts.data)
        lookup = np.full(self._lookup.size, -1, dtype=np.int64)
        rehash_series(self._lookup, self._alive.data, lookup)
        self._flat, self._starts, self._lookup = flat, starts, lookup
        self.view = self._publish()

    def _reserve(self, series: int, pairs: int) -> None:
        room = self.count + series + 1
        for column in (self._starts, self._ids, self._alive, self.first):
            column.reserve(room)
        for column in (self.newest, self.newest_bits, self.newest_kind):
            column.reserve(room)
        self._flat.reserve(int(self._starts.data[self.count]) + pairs)
        size = self._lookup.size
        while 7 * size < 10 * room:
            size *= 2
        if size != self._lookup.size:
            larger = np.full(size, -1, dtype=np.int64)
            rehash_series(self._lookup, self._alive.data, larger)
            self._lookup = larger

    def _salt(self, collided: set[int], before: int) -> None:
        """Give another id to each new series whose id is taken already."""
        ids = self._ids.data
        if self._salted:
            mine = np.array(list(self._salted), dtype=np.uint64)
            collided |= set((np.flatnonzero(np.isin(ids[before : self.count], mine)) + before).tolist())
        for ref in sorted(collided):
            identity, salt = int(ids[ref]), 0
            upper = identity & ~int(self._id_mask)
            while bool(np.any(ids[: self.count] == np.uint64(identity))):
                salt += 1
                digest = xxhash.xxh3_64_intdigest(f"{ids[ref]}#{salt}".encode())
                identity = upper | digest & int(self._id_mask)
            ids[ref] = identity
            self._salted[identity] = ref

    def _publish(self) -> View:
        pairs = self._pairs
        return View(
            count=self.count,
            pairs=self._flat.data,
            starts=self._starts.data,
            ids=self._ids.data,
            alive=self._alive.data,
            first=self.first.data,
            newest=self.newest.data,
            newest_bits=self.newest_bits.data,
            newest_kind=self.newest_kind.data,
            pair_key=pairs.keys.stored.data,
            pair_local=pairs.local.data,
            pair_count=pairs.keys.count,
            group_tenant=pairs.group_tenant.data,
            group_count=pairs.groups.count,
        )
