"""Label pairs as ordinals: a group is a tenant's label name, a pair is a group's value."""

from __future__ import annotations

import numpy as np
import xxhash
from numpy.typing import NDArray

from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index.column import Column
from watchkeeper.store.index.keys import Keys


class Pairs:
    """All label pairs of all tenants. Ordinals are never reused; the caller holds the writer's lock.

    A pair's key is `group << 32 | value symbol`, a group's `tenant << 32 | name symbol`; `local` is a pair's position
    among its group's pairs, `members[group]` those pairs in that order, `counts` how many living series have it.
    """

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self.groups = Keys()
        self.keys = Keys()
        self.group_tenant: Column[np.int32] = Column(np.int32)
        self.hashes: Column[np.uint64] = Column(np.uint64)
        self.local: Column[np.int32] = Column(np.int32)
        self.counts: Column[np.int32] = Column(np.int32)
        self.members: list[Column[np.int32]] = []
        self.sizes: list[int] = []
        self.tenants: dict[str, int] = {}
        self.tenant_groups: list[list[int]] = []

    def tenant(self, name: str) -> int:
        """The ordinal of a tenant, given now where it has none."""
        code = self.tenants.get(name)
        if code is None:
            code = self.tenants[name] = len(self.tenants)
            self.tenant_groups.append([])
        return code

    def group(self, tenant: str, name: str) -> int:
        """The group of a tenant's label name, −1 where no series has it."""
        code, symbol = self.tenants.get(tenant), self._symbols.get(name)
        if code is None or symbol is None:
            return -1
        return int(self.groups.find(np.array([code << 32 | symbol], dtype=np.int64))[0])

    def pair(self, group: int, value: str) -> int:
        """The pair of a group's value, −1 where no series has it."""
        symbol = self._symbols.get(value)
        if group < 0 or symbol is None:
            return -1
        return int(self.keys.find(np.array([group << 32 | symbol], dtype=np.int64))[0])

    def find(self, tenant: str, names: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int32]:
        """The pairs of symbols (−1: no symbol), −1 where unknown."""
        code = self.tenants.get(tenant, -1)
        known = (names >= 0) & (code >= 0)
        groups = self.groups.find(np.where(known, code << 32 | names, -1)).astype(np.int64)
        return self.keys.find(np.where((groups >= 0) & (values >= 0), groups << 32 | values, -1))

    def intern(self, tenant: str, names: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int32]:
        """The pairs of symbols, made now where they are new."""
        groups = self.groups.intern(self.tenant(tenant) << 32 | names).astype(np.int64)
        self._learn_groups()
        before = self.keys.count
        pairs = self.keys.intern(groups << 32 | values)
        if self.keys.count > before:
            self._learn_pairs(before)
        return pairs

    def _learn_groups(self) -> None:
        for group in range(len(self.members), self.groups.count):
            tenant = int(self.groups.stored.data[group] >> 32)
            self.group_tenant.reserve(group + 1)
            self.group_tenant.data[group] = tenant
            self.members.append(Column(np.int32, room=4))
            self.sizes.append(0)
            self.tenant_groups[tenant].append(group)

    def _learn_pairs(self, before: int) -> None:
        count = self.keys.count
        for column in (self.hashes, self.local, self.counts):
            column.reserve(count)
        keys = self.keys.stored.data[before:count]
        groups = keys >> 32
        self.hashes.data[before:count] = self._hash(groups, keys & 0xFFFFFFFF)
        order = np.argsort(groups, kind="stable")
        found, begins = np.unique(groups[order], return_index=True)
        for group, rows in zip(found.tolist(), np.split(order, begins[1:]), strict=True):
            size = self.sizes[group]
            self.members[group].reserve(size + rows.size)
            self.members[group].data[size : size + rows.size] = rows + before
            self.local.data[rows + before] = np.arange(size, size + rows.size)
            self.sizes[group] = size + rows.size

    def _hash(self, groups: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The hashes of pairs from their text alone, so that every process finds the same."""
        strings, digest = self._symbols.strings, xxhash.xxh3_64_intdigest
        names: list[int] = (self.groups.stored.data[groups] & 0xFFFFFFFF).tolist()
        return np.fromiter(
            (digest(f"{strings[n]}\xff{strings[v]}".encode()) for n, v in zip(names, values.tolist(), strict=True)),
            dtype=np.uint64,
            count=len(names),
        )
