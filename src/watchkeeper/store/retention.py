"""How long samples are kept: by default, by tenant, and by matcher; and what is to be deleted for it.

What to delete is first planned, as values, and then done: whatever is made out of samples before they go (rollups)
reads the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.matcher import Matcher
from watchkeeper.store.activity import BUCKET_MS, Activity
from watchkeeper.store.client import Client, Lane
from watchkeeper.store.gathered import DAY_MS
from watchkeeper.store.index import SeriesIndex
from watchkeeper.store.inspection import every_node
from watchkeeper.store.migrations.table import quoted
from watchkeeper.store.policy import EARLIEST_MS
from watchkeeper.store.select import among
from watchkeeper.store.upkeep import TIMED, Upkeep

FOREVER = 0
"""As a time to keep: no sample is ever deleted for its age."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Series of `tenant` (empty: of any) that satisfy `matchers` are kept for `keep_ms`; the first that fits counts."""

    matchers: tuple[Matcher, ...]
    keep_ms: int
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """`keep_ms` for everything, unless the tenant has its own, unless a rule fits the series."""

    keep_ms: int = FOREVER
    tenants: Mapping[str, int] = field(default_factory=dict[str, int])
    rules: Sequence[Keep] = ()

    def longest_ms(self) -> int:
        """The longest time that anything may be kept; FOREVER where there is no end to it."""
        times = [self.keep_ms, *self.tenants.values(), *(rule.keep_ms for rule in self.rules)]
        return FOREVER if FOREVER in times else max(times)


@dataclass(frozen=True, slots=True)
class Expired:
    """The samples before `before_ms` (the begin of a day) of a tenant's series, by rising id."""

    tenant: str
    refs: NDArray[np.int32]
    ids: NDArray[np.uint64]
    before_ms: int


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """Partitions (days as yyyymmdd) before `before_ms` to be dropped whole, and samples to be deleted one by one."""

    partitions: tuple[int, ...]
    before_ms: int
    expired: tuple[Expired, ...]


@dataclass(frozen=True, slots=True)
class Retainer:
    """Plans and does what a retention asks for; blocking, on the committing thread."""

    client: Client
    index: SeriesIndex
    activity: Activity
    upkeep: Upkeep

    def plan(self, retention: Retention, now_ms: int) -> RetentionPlan:
        """What has expired by now. Raises StoreFailure."""
        longest = retention.longest_ms()
        partitions: tuple[int, ...] = ()
        oldest = EARLIEST_MS
        if longest != FOREVER:
            oldest = _day(now_ms - longest)
            partitions = tuple(self._partitions(oldest))
        expired = [
            one
            for tenant in self._tenants()
            for one in self._expired(retention, tenant, now_ms)
            if one.before_ms > oldest
        ]
        return RetentionPlan(partitions, oldest, tuple(expired))

    def apply(self, plan: RetentionPlan) -> None:
        """Do it, and forget series that have no samples left. Raises StoreFailure; may be repeated."""
        place = self.upkeep.place
        for day in plan.partitions:
            for table in TIMED:
                name = f"{quoted(place.database)}.{place.local(table)}"
                self.client.command(f"ALTER TABLE {name}{place.on_cluster} DROP PARTITION {day}")
        for one in plan.expired:
            if self._holds(one):
                self.upkeep.delete_rows(one.tenant, among("series", one.ids), EARLIEST_MS, one.before_ms - 1)

    def touched(self, plan: RetentionPlan) -> Iterator[NDArray[np.int32]]:
        """The series that `apply` takes samples from, as lots of refs."""
        for one in plan.expired:
            yield one.refs
        if plan.partitions:
            for tenant in self._tenants():
                refs = self.index.find(tenant, ())
                yield refs[self.activity.first_ms(refs) < plan.before_ms]

    def forget(self, retention: Retention, now_ms: int) -> int:
        """Drop the series whose last sample has expired; how many there were. Raises StoreFailure."""
        gone = 0
        for tenant in self._tenants():
            for refs, keep_ms in self._kept(retention, tenant):
                if keep_ms == FOREVER:
                    continue
                last_ms = (self.activity.last(refs).astype(np.int64) + 1) * BUCKET_MS
                silent = refs[(last_ms <= _day(now_ms - keep_ms)) & (self.activity.kinds(refs) != 0)]
                empty = self.upkeep.empty(tenant, silent)
                self.upkeep.drop(tenant, empty)
                gone += int(empty.size)
        return gone

    def _expired(self, retention: Retention, tenant: str, now_ms: int) -> list[Expired]:
        found: list[Expired] = []
        for refs, keep_ms in self._kept(retention, tenant):
            if keep_ms == FOREVER or not refs.size:
                continue
            before = _day(now_ms - keep_ms)
            old = refs[self.activity.first_ms(refs) < before]
            if old.size:
                found.append(Expired(tenant, old, self.index.ids(old), before))
        return found

    def _kept(self, retention: Retention, tenant: str) -> list[tuple[NDArray[np.int32], int]]:
        """A tenant's series, by rising id, with the time that each lot of them is kept."""
        rest = self.index.find(tenant, ())
        lots: list[tuple[NDArray[np.int32], int]] = []
        for rule in retention.rules:
            if rule.tenant not in ("", tenant):
                continue
            fits = np.isin(rest, self.index.find(tenant, rule.matchers))
            lots.append((rest[fits], rule.keep_ms))
            rest = rest[~fits]
        lots.append((rest, retention.tenants.get(tenant, retention.keep_ms)))
        return lots

    def _tenants(self) -> list[str]:
        rows = self.client.query("SELECT DISTINCT tenant FROM series_activity ORDER BY tenant", lane=Lane.RULES)
        return rows.strings("tenant")

    def _partitions(self, before_ms: int) -> list[int]:
        """The days before `before_ms` that some table has."""
        rows = self.client.query(
            f"SELECT DISTINCT toUInt32(partition) AS day FROM {every_node(self.upkeep.place, 'system.parts')} "
            "WHERE active AND database = {database:String} AND table IN {tables:Array(String)} "
            "AND toUInt32OrZero(partition) < toYYYYMMDD(fromUnixTimestamp64Milli({before:Int64}, 'UTC')) ORDER BY day",
            {
                "database": self.upkeep.place.database,
                "tables": [self.upkeep.place.local(table) for table in TIMED],
                "before": before_ms,
            },
            lane=Lane.RULES,
        )
        return [int(day) for day in rows.array("day")]

    def _holds(self, expired: Expired) -> bool:
        """Say whether there is anything to delete: a deletion rewrites masks even where nothing fits."""
        for table in TIMED:
            rows = self.client.query(
                f"SELECT 1 AS one FROM {table} WHERE tenant = {{tenant:String}} AND timestamp < "
                "fromUnixTimestamp64Milli({before:Int64}, 'UTC') AND " + among("series", expired.ids) + " LIMIT 1",
                {"tenant": expired.tenant, "before": expired.before_ms},
                lane=Lane.RULES,
                settings={"max_query_size": 64 << 20},
            )
            if rows.rows:
                return True
        return False


def _day(ms: int) -> int:
    """The begin of the day: partitions are days, and each is touched once a day at most."""
    return ms // DAY_MS * DAY_MS
