"""What takes things out of the store: deletions asked for, series that have gone, and copies kept aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.matcher import Matcher
from watchkeeper.store.activity import Activity
from watchkeeper.store.client import Client, Lane
from watchkeeper.store.failure import StoreFailure
from watchkeeper.store.index import UNKNOWN, SeriesIndex
from watchkeeper.store.migrations import Place
from watchkeeper.store.migrations.table import quoted
from watchkeeper.store.policy import EARLIEST_MS, LATEST_MS
from watchkeeper.store.room import require_room
from watchkeeper.store.select import among

TIMED = ("samples_raw", "histograms_raw", "exemplars_raw")
SERIES = ("series_raw", "series_activity")
_TABLES = (*TIMED, *SERIES, "metadata_raw")
_CHUNK = 100_000
_WAIT: dict[str, str | int | float] = {"mutations_sync": 2, "lightweight_deletes_sync": 2, "max_query_size": 64 << 20}


@dataclass(frozen=True, slots=True)
class Upkeep:
    """All of it blocks, and runs on the committing thread, so that no commit is judged in the middle of it."""

    client: Client
    place: Place
    index: SeriesIndex
    activity: Activity

    def delete_series(self, tenant: str, matcher_sets: Sequence[Sequence[Matcher]], start: int, end: int) -> int:
        """Delete the samples in [start, end] ms of the series that satisfy any matcher set; how many series those were.

        No read sees them afterwards; a series without any sample left is gone. Raises StoreFailure.
        """
        refs = self.index.find_any(tenant, matcher_sets, start, end)
        for begin in range(0, refs.size, _CHUNK):
            some = refs[begin : begin + _CHUNK]
            self.delete_rows(tenant, among("series", self.index.ids(some)), start, end)
            self._forget_newest(some, end)
            self.drop(tenant, self.empty(tenant, some))
        return int(refs.size)

    def delete_rows(self, tenant: str, condition: str, start: int, end: int) -> None:
        """Delete the rows of a tenant in [start, end] ms that satisfy a condition of ours on `series`."""
        for table in TIMED:
            self._change(
                table,
                f"DELETE FROM {self._name(table)}{self.place.on_cluster} WHERE tenant = {{tenant:String}} "
                "AND timestamp >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') "
                f"AND timestamp <= fromUnixTimestamp64Milli({{end:Int64}}, 'UTC') AND {condition}",
                {"tenant": tenant, "start": max(start, EARLIEST_MS), "end": min(end, LATEST_MS)},
            )

    def empty(self, tenant: str, refs: NDArray[np.int32]) -> NDArray[np.int32]:
        """Those series that once had samples and have none any more."""
        refs = refs[self.activity.kinds(refs) != 0]
        if not refs.size:
            return refs
        ids = self.index.ids(refs)
        left: list[NDArray[np.uint64]] = []
        for table in TIMED[:2]:
            rows = self.client.query(
                f"SELECT DISTINCT series FROM {table} WHERE tenant = {{tenant:String}} AND {among('series', ids)}",
                {"tenant": tenant},
                lane=Lane.RULES,
                settings={"max_query_size": 64 << 20},
            )
            if rows.rows:
                left.append(cast("NDArray[np.uint64]", rows.array("series")))
        return refs[~np.isin(ids, np.concatenate(left))] if left else refs

    def drop(self, tenant: str, refs: NDArray[np.int32]) -> None:
        """Forget series that have no samples, in the tables and in the index."""
        for begin in range(0, refs.size, _CHUNK):
            some = refs[begin : begin + _CHUNK]
            ids = np.sort(self.index.ids(some))
            for table in SERIES:
                self._change(
                    table,
                    f"DELETE FROM {self._name(table)}{self.place.on_cluster} "
                    f"WHERE tenant = {{tenant:String}} AND {among('series', ids)}",
                    {"tenant": tenant},
                )
        self.index.drop(refs)

    def clean_tombstones(self) -> None:
        """Give back the disk space of deleted rows. Raises StoreFailure."""
        for table in _TABLES:
            self._change(table, f"ALTER TABLE {self._name(table)}{self.place.on_cluster} APPLY DELETED MASK", {})

    def _forget_newest(self, refs: NDArray[np.int32], end: int) -> None:
        """A deleted newest sample must not be taken for one that is there."""
        newest, _, _ = self.index.newest(refs)
        refs = refs[(newest > UNKNOWN) & (newest <= end)]
        if refs.size:
            unknown = np.full(refs.size, UNKNOWN, dtype=np.int64)
            nothing = np.zeros(refs.size, dtype=np.uint64)
            self.index.recall(refs, unknown, nothing, self.activity.first_ms(refs), np.zeros(refs.size, dtype=np.uint8))

    def _name(self, table: str) -> str:
        return f"{quoted(self.place.database)}.{self.place.local(table)}"

    def _change(self, table: str, sql: str, parameters: dict[str, object]) -> None:
        require_room(self.client)
        try:
            self.client.command(sql, parameters, settings=_WAIT)
        except StoreFailure as failure:
            raise StoreFailure(f"table {table}: {failure}", retryable=failure.retryable) from failure
