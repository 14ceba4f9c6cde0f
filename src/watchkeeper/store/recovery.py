"""What the log has and the engine found no room for at the start, back in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import digest
from watchkeeper.store import native
from watchkeeper.store.activity import Activity
from watchkeeper.store.gathered import Gathered
from watchkeeper.store.head import Head
from watchkeeper.store.index import BOUND, DIGEST, NO_WINDOW, UNKNOWN, Admission, SeriesIndex
from watchkeeper.store.log import Segment
from watchkeeper.store.native import Block, Coded
from watchkeeper.store.opening import Opening
from watchkeeper.store.record import Record, Samples, column, decode, starts_of, tenants_of
from watchkeeper.store.select import histograms_of


@dataclass(frozen=True, slots=True)
class Recovery:
    """Does again, in memory alone, what the commits of a segment did; after the opening, oldest segment first."""

    opening: Opening
    index: SeriesIndex
    activity: Activity
    head: Head
    since_ms: int
    """Of which time on the opening has loaded the newest samples exactly."""

    def take(self, segment: Segment) -> None:
        """Take up a segment of which the engine may have a part. Raises StoreFailure where it cannot be read."""
        records = [decode(record) for record in segment.records()]
        for rows in _blocks(records, "series_raw"):
            self.opening.take_series(rows)
        for rows in _blocks(records, "metadata_raw"):
            self.opening.take_metadata(rows)
        floats = [record.samples for record in records if record.samples is not None]
        if floats:
            self._take(self._floats(floats), segment.number)
        for rows in _blocks(records, "histograms_raw"):
            self._take(self._histograms(rows), segment.number)

    def _take(self, samples: Gathered, epoch: int) -> None:
        samples = samples.take(samples.refs >= 0)
        self._loosen(samples)
        bits, kinds = _marks(samples)
        plan = Admission(self.index).begin()
        plan.admit(samples.refs, samples.timestamps, bits, kinds=kinds, window_ms=NO_WINDOW)
        plan.confirm()
        change = self.activity.change(samples.refs, samples.timestamps, samples.kinds())
        if change is not None:
            self.activity.apply(change)
        self.head.append(samples, epoch)

    def _loosen(self, samples: Gathered) -> None:
        """Let the newest samples be those of the log where the engine knows of the series' activity, and of no more."""
        refs = np.unique(samples.refs[samples.timestamps >= self.since_ms])
        _, _, kinds = self.index.newest(refs)
        bound = refs[kinds == BOUND]
        unknown = np.full(bound.size, UNKNOWN, dtype=np.int64)
        self.index.recall(bound, unknown, np.zeros(bound.size, dtype=np.uint64), self.activity.first_ms(bound))

    def _floats(self, samples: Sequence[Samples]) -> Gathered:
        refs = self.index.refs_of(cast("NDArray[np.uint64]", column([s.series for s in samples], "<u8")))
        starts = starts_of(samples)
        return Gathered(
            tenants_of(samples),
            refs,
            cast("NDArray[np.int64]", column([s.timestamps for s in samples], "<i8")),
            cast("NDArray[np.float64]", column([s.values for s in samples], "<f8")),
            np.zeros(refs.size, dtype=np.int64) if starts is None else starts,
            np.full(refs.size, -1, dtype=np.int32),
            [],
        )

    def _histograms(self, rows: Block) -> Gathered:
        return Gathered(
            cast(Coded, rows.columns["tenant"]),
            self.index.refs_of(cast("NDArray[np.uint64]", rows.array("series"))),
            cast("NDArray[np.int64]", rows.array("timestamp")),
            np.zeros(rows.rows),
            cast("NDArray[np.int64]", rows.array("start")),
            np.arange(rows.rows, dtype=np.int32),
            histograms_of(rows),
        )


def _marks(samples: Gathered) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """By what admission knows each sample, and of what kind that is; floats and histograms do not come together."""
    if not samples.histograms:
        return samples.values.view(np.uint64), np.zeros(len(samples), dtype=np.uint8)
    bits = [digest(samples.histograms[at]) for at in samples.histogram_at.tolist()]
    return np.array(bits, dtype=np.uint64), np.full(len(samples), DIGEST, dtype=np.uint8)


def _blocks(records: Sequence[Record], table: str) -> list[Block]:
    return [native.decode(part.block) for record in records for part in record.parts if part.table == table]
