"""Samples gathered one by one, for the decoders whose hot path is not the scanner."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import MetricMetadata
from watchkeeper.receive.exposition.exposition import NO_TIMESTAMP, Exposition
from watchkeeper.receive.exposition.line import ExemplarText


class Names:
    """Label sets as entries 0…n−1; `seen` holds the iteration in which each was last met."""

    __slots__ = ("_entries", "_labels", "seen")

    def __init__(self) -> None:
        self._entries: dict[tuple[str, ...], int] = {}
        self._labels: list[tuple[str, ...]] = []
        self.seen: list[int] = []

    def __len__(self) -> int:
        return len(self._labels)

    def entry(self, key: tuple[str, ...]) -> tuple[int, bool]:
        """The entry of the flat pairs `key` (name, value, name, value …), and whether it is new."""
        entry = self._entries.get(key)
        if entry is not None:
            return entry, False
        entry = self._entries[key] = len(self._labels)
        self._labels.append(key)
        self.seen.append(-1)
        return entry, True

    def labels(self, entry: int) -> Labels:
        """The labels of an entry."""
        key = self._labels[entry]
        return Labels(zip(key[::2], key[1::2], strict=True))

    def keep(self, entries: Sequence[int]) -> None:
        """Forget all but `entries`, which are renumbered from 0."""
        self._labels = [self._labels[entry] for entry in entries]
        self.seen = [self.seen[entry] for entry in entries]
        self._entries = {key: entry for entry, key in enumerate(self._labels)}


class Gathering:
    """The rows of one body as they are read."""

    def __init__(self, names: Names, iteration: int) -> None:
        self._names = names
        self._iteration = iteration
        self._entries: list[int] = []
        self._values: list[float] = []
        self._times: list[int] = []
        self._starts: list[int] = []
        self._duplicates: list[bool] = []
        self._appeared: dict[int, Labels] = {}
        self._histograms: dict[int, Histogram] = {}
        self._exemplars: list[tuple[int, ExemplarText]] = []

    def add(self, key: tuple[str, ...], value: float, time: int, start: int) -> int:
        """A float sample; returns its row. `time` may be NO_TIMESTAMP, `start` 0."""
        entry, new = self._names.entry(key)
        if new:
            self._appeared[entry] = self._names.labels(entry)
        row = len(self._entries)
        self._duplicates.append(self._names.seen[entry] == self._iteration and time == NO_TIMESTAMP)
        self._names.seen[entry] = self._iteration
        self._entries.append(entry)
        self._values.append(value)
        self._times.append(time)
        self._starts.append(start)
        return row

    def add_histogram(self, key: tuple[str, ...], histogram: Histogram, time: int, start: int) -> int:
        """A native histogram; returns its row."""
        row = self.add(key, 0.0, time, start)
        self._histograms[row] = histogram
        return row

    def add_exemplar(self, row: int, exemplar: ExemplarText) -> None:
        """An exemplar of the sample in `row`."""
        self._exemplars.append((row, exemplar))

    def exposition(self, metadata: Sequence[MetricMetadata] | None) -> Exposition:
        """All rows as columns."""
        starts: NDArray[np.int64] = np.array(self._starts, dtype=np.int64)
        return Exposition(
            np.array(self._entries, dtype=np.int32),
            np.array(self._values, dtype=np.float64),
            np.array(self._times, dtype=np.int64),
            np.array(self._duplicates, dtype=np.bool_),
            starts=starts if starts.any() else None,
            histograms=self._histograms,
            exemplars=self._exemplars,
            appeared=self._appeared,
            metadata=metadata,
        )
