"""A sealed segment of the log into the engine: a few large inserts, sorted as the tables are.

Each insert has a token made of the segment's identity and its place among the inserts, and the same segment always
makes the same inserts: however often it is repeated, over deaths of the engine and of this process, every row is
stored once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import by_series
from watchkeeper.store.client import Client, Settings
from watchkeeper.store.floats import Floats
from watchkeeper.store.gathered import DAY_MS, days
from watchkeeper.store.log import Segment
from watchkeeper.store.migrations.tables import BUCKET_S
from watchkeeper.store.native import Coded, constant
from watchkeeper.store.record import Part, Record, Samples, column, decode, starts_of, tenants_of
from watchkeeper.store.rows import Rows

LARGEST_INSERT = 1_000_000
"""Rows: up to about this many the engine makes one part of an insert, which is what makes it atomic."""
_FEW_SPANS = 64
_BUCKET_MS = BUCKET_S * 1000
# Without the engine's search for rows written twice an insert takes half as long; the flush has dropped them already.
_SETTINGS: dict[str, Settings] = {"samples_raw": {"optimize_on_insert": 0}}
# A series is in its table before its samples are.
_ORDER = ("series_raw", "series_activity", "samples_raw", "histograms_raw", "exemplars_raw", "metadata_raw")


class Flush:
    """Stores segments; for one thread."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._floats = Floats()

    def store(self, segment: Segment) -> None:
        """Store all that the segment has. Raises StoreFailure; may be repeated then, and after it succeeded."""
        records = [decode(record) for record in segment.records()]
        parts = sorted((part for record in records for part in record.parts), key=_place)
        early = [part for part in parts if _place(part)[0] < _ORDER.index("samples_raw")]
        late = parts[len(early) :]
        for number, (table, columns, block) in enumerate(self._inserts(early, records, late)):
            token = f"{segment.identity}-{table}-{number}"
            self._client.insert(table, columns, block, token=token, settings=_SETTINGS.get(table))

    def _inserts(
        self, early: Sequence[Part], records: Sequence[Record], late: Sequence[Part]
    ) -> Iterator[tuple[str, list[str], bytes]]:
        yield from _blocks(early)
        samples = [record.samples for record in records if record.samples is not None]
        for rows in self._sampled(samples) if samples else ():
            yield rows.table, rows.columns, rows.block
        yield from _blocks(late)

    def _sampled(self, samples: Sequence[Samples]) -> Iterator[Rows]:
        ids = cast("NDArray[np.uint64]", column([s.series for s in samples], "<u8"))
        times = cast("NDArray[np.int64]", column([s.timestamps for s in samples], "<i8"))
        values = cast("NDArray[np.float64]", column([s.values for s in samples], "<f8"))
        starts = starts_of(samples)
        tenants = tenants_of(samples)
        order = sorted_rows(tenants.codes, ids, times)
        one_day = times.min() // DAY_MS == times.max() // DAY_MS
        for day in (slice(None),) if one_day else days(times[order]):
            today = order[day]
            for begin in range(0, today.size, LARGEST_INSERT):
                yield self._rows(today[begin : begin + LARGEST_INSERT], tenants, ids, times, values, starts)

    def _rows(
        self,
        rows: NDArray[np.int64],
        tenants: Coded,
        ids: NDArray[np.uint64],
        times: NDArray[np.int64],
        values: NDArray[np.float64],
        starts: NDArray[np.int64] | None,
    ) -> Rows:
        taken = np.empty_like(ids, shape=rows.size), np.empty(rows.size, np.int64), np.empty(rows.size)
        by_series.take(rows, ids, times, values, *taken)
        some = None if starts is None else starts[rows]
        owners = constant(tenants.keys[0], rows.size) if len(tenants.keys) == 1 else tenants.take(rows)
        return self._floats.rows(owners, *taken, some)


def sorted_rows(tenants: NDArray[np.integer], ids: NDArray[np.uint64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows in the order of their table: by tenant, span of time, series and time; of equal ones the last alone."""
    spans = times // _BUCKET_MS
    if tenants.min() == tenants.max() and spans.min() == spans.max():
        return _by_series(ids, times)
    keys = np.stack((tenants.astype(np.int64), spans))
    groups, inverse = np.unique(keys, axis=1, return_inverse=True)
    if groups.shape[1] > _FEW_SPANS:
        order = np.lexsort((times, ids, spans, tenants))
        return order[: by_series.last_written(order, ids, times)]
    parts: list[NDArray[np.int64]] = []
    for group in range(groups.shape[1]):
        rows = np.flatnonzero(inverse.reshape(-1) == group)
        parts.append(rows[_by_series(ids[rows], times[rows])])
    return np.concatenate(parts)


def _by_series(ids: NDArray[np.uint64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.empty(ids.size, dtype=np.int64)
    return order[: by_series.order(ids, times, order)]


def _place(part: Part) -> tuple[int, str, list[str]]:
    return _ORDER.index(part.table), part.partition, part.columns


def _blocks(parts: Sequence[Part]) -> Iterator[tuple[str, list[str], bytes]]:
    """Blocks of one table and partition as one body, up to the largest insert."""
    group: list[Part] = []
    rows = 0
    for part in parts:
        if group and (_place(part) != _place(group[0]) or rows + part.rows > LARGEST_INSERT):
            yield group[0].table, group[0].columns, b"".join(one.block for one in group)
            group, rows = [], 0
        group.append(part)
        rows += part.rows
    if group:
        yield group[0].table, group[0].columns, b"".join(one.block for one in group)
