"""What the store knows in memory, rebuilt from its tables at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import digest
from watchkeeper.model.samples import MetricMetadata
from watchkeeper.store.activity import BUCKET_MS, Activity, Kind
from watchkeeper.store.client import Client, Lane
from watchkeeper.store.index import BOUND, DIGEST, FLOAT, NEVER, UNKNOWN, SeriesIndex
from watchkeeper.store.metadata import MetadataBook
from watchkeeper.store.migrations.tables import BUCKET_S
from watchkeeper.store.native import Block, Coded, Column
from watchkeeper.store.select import HISTOGRAM_COLUMNS, histograms_of

_PAGE = 100_000
_MOST_DIGESTS = 50_000
_NOBODY_KNOWS = (1 << 63) - 1
_LABELS = "CAST(labels, 'Map(LowCardinality(String), LowCardinality(String))')"
Progress = Callable[[str, int, int], None]
"""Told (stage, done, of how many) as the store opens."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Fills the index, the activity and the metadata; each stage may raise StoreFailure."""

    client: Client
    index: SeriesIndex
    activity: Activity
    metadata: MetadataBook
    progress: Progress

    def run(self, since_ms: int) -> None:
        """Load everything; the newest samples exactly for series that had some at `since_ms` or later."""
        self._load_metadata()
        self._load_series()
        self._load_activity()
        self._load_newest(since_ms)

    def stored(self) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        """By ref, a time that none of the series' samples in the tables reaches; and the refs with histograms."""
        refs = np.arange(self.index.table.count, dtype=np.int32)
        newest, _, _ = self.index.newest(refs)
        kinds = self.activity.kinds(refs)
        since = np.where(newest > UNKNOWN, newest + 1, _NOBODY_KNOWS)
        return np.where(kinds == 0, NEVER, since), np.flatnonzero(kinds & Kind.HISTOGRAM)

    def _query(self, sql: str, parameters: dict[str, object] | None = None) -> Block:
        return self.client.query(sql, parameters, lane=Lane.RULES, settings={"max_query_size": 64 << 20})

    def _load_metadata(self) -> None:
        self.take_metadata(self._query("SELECT DISTINCT tenant, metric, type, unit, help FROM metadata_raw"))

    def take_metadata(self, rows: Block) -> None:
        """Take up rows of `metadata_raw`."""
        texts = [rows.strings(name) for name in ("tenant", "metric", "type", "unit", "help")] if rows.rows else []
        for tenant, metric, type_, unit, text in zip(*texts, strict=True):
            self.metadata.add(tenant, (MetricMetadata(metric, type_, text, unit),))

    def _load_series(self) -> None:
        total = int(self._query("SELECT count() AS n FROM series_raw").array("n")[0])
        done = 0
        for low, high in _pages(total):
            rows = self._query(
                f"SELECT tenant, series, {_LABELS} AS labels FROM series_raw "
                "WHERE series BETWEEN {low:UInt64} AND {high:UInt64} ORDER BY tenant, series",
                {"low": low, "high": high},
            )
            self.take_series(rows)
            done += rows.rows
            self.progress("series", done, total)

    def take_series(self, rows: Block) -> None:
        """Take up rows of `series_raw`, sorted by tenant."""
        if not rows.rows:
            return
        tenants, labels = cast(Coded, rows.columns["tenant"]), rows.ragged("labels")
        names, values = (self._symbols(column) for column in labels.columns)
        ids = cast("NDArray[np.uint64]", rows.array("series"))
        # Rows are sorted by tenant: each has one stretch.
        edges = np.flatnonzero(np.diff(tenants.codes.astype(np.int64))) + 1
        for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), rows.rows], strict=True):
            a, b = int(labels.offsets[begin]), int(labels.offsets[end])
            tenant = tenants.keys[int(tenants.codes[begin])]
            offsets = labels.offsets[begin : end + 1] - a
            self.index.load(tenant, ids[begin:end], offsets, names[a:b], values[a:b])

    def _symbols(self, column: Column) -> NDArray[np.int32]:
        coded = cast(Coded, column)
        return self.index.symbols.intern_all(coded.keys)[coded.codes]

    def _load_activity(self) -> None:
        rows = self._query(
            "SELECT series, min(first) AS first, max(last) AS last, groupBitOr(kinds) AS kinds "
            "FROM series_activity GROUP BY series"
        )
        refs, known = self._refs(rows)
        if not refs.size:
            return
        first = cast("NDArray[np.int64]", rows.array("first"))[known]
        last = cast("NDArray[np.int64]", rows.array("last"))[known]
        kinds = cast("NDArray[np.uint8]", rows.array("kinds"))[known]
        self.activity.set(refs, (first // BUCKET_MS).astype(np.int32), (last // BUCKET_MS).astype(np.int32), kinds)
        bound = np.full(refs.size, BOUND, dtype=np.uint8)
        self.index.recall(refs, last, np.zeros(refs.size, dtype=np.uint64), first, bound)

    def _refs(self, rows: Block) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """The refs of the known series among the rows, and which rows those are."""
        if not rows.rows:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.bool_)
        refs = self.index.refs_of(cast("NDArray[np.uint64]", rows.array("series")))
        return refs[refs >= 0], refs >= 0

    def _load_newest(self, since_ms: int) -> None:
        rows = self._query(
            "SELECT series, max(timestamp) AS newest, argMax(value, timestamp) AS value FROM samples_raw "
            f"WHERE intDiv(toInt64(timestamp), {BUCKET_S}) >= {{bucket:Int64}} GROUP BY series",
            {"bucket": since_ms // BUCKET_MS},
        )
        refs, known = self._refs(rows)
        if refs.size:
            newest = cast("NDArray[np.int64]", rows.array("newest"))[known]
            bits = cast("NDArray[np.float64]", rows.array("value"))[known].view(np.uint64)
            self._recall(refs, newest, bits, FLOAT)
        self._load_newest_histograms(since_ms)
        self.progress("newest samples", refs.size, refs.size)

    def _load_newest_histograms(self, since_ms: int) -> None:
        rows = self._query(
            f"SELECT {HISTOGRAM_COLUMNS} FROM histograms_raw "
            f"WHERE intDiv(toInt64(timestamp), {BUCKET_S}) >= {{bucket:Int64}} "
            f"ORDER BY series, timestamp DESC LIMIT 1 BY series LIMIT {_MOST_DIGESTS}",
            {"bucket": since_ms // BUCKET_MS},
        )
        refs, known = self._refs(rows)
        if not refs.size:
            return
        times = cast("NDArray[np.int64]", rows.array("timestamp"))[known]
        histograms = [h for h, here in zip(histograms_of(rows), known.tolist(), strict=True) if here]
        bits = np.array([digest(h) for h in histograms], dtype=np.uint64)
        newest, _, kinds = self.index.newest(refs)
        later = (kinds == BOUND) | (times > newest)
        self._recall(refs[later], times[later], bits[later], DIGEST)

    def _recall(self, refs: NDArray[np.int32], newest: NDArray[np.int64], bits: NDArray[np.uint64], kind: int) -> None:
        kinds = np.full(refs.size, kind, dtype=np.uint8)
        self.index.recall(refs, newest, bits, self.activity.first_ms(refs), kinds)


def _pages(total: int) -> Iterator[tuple[int, int]]:
    """Ranges of storage ids that hold about a page of series each: ids are spread evenly."""
    count = max(1, -(-total // _PAGE))
    step = (1 << 64) // count
    for page in range(count):
        yield page * step, (1 << 64) - 1 if page == count - 1 else (page + 1) * step - 1
