"""OpenMetrics' `_created` series as start timestamps of the samples they belong to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.receive.exposition.families import family_key
from watchkeeper.receive.exposition.line import MetricType

_HAVE_START = frozenset({MetricType.COUNTER, MetricType.HISTOGRAM, MetricType.SUMMARY})
_NONE = -1


class CreatedSeries:
    """Knows for each entry of a vocabulary which entry, if any, holds its creation time."""

    __slots__ = ("_by_key", "_of", "_waiting")

    def __init__(self) -> None:
        self._of: NDArray[np.int32] = np.full(64, _NONE, dtype=np.int32)
        self._by_key: dict[int, int] = {}
        self._waiting: dict[int, list[int]] = {}

    def add(self, entry: int, labels: Labels, type_: MetricType) -> None:
        """Take in a new entry."""
        if entry >= self._of.shape[0]:
            self._of = np.concatenate([self._of, np.full(max(entry, 64), _NONE, dtype=np.int32)])
        self._of[entry] = _NONE
        if type_ not in _HAVE_START:
            return
        key = hash(family_key(labels, type_))
        if labels.get(METRIC_NAME, "").endswith("_created"):
            self._by_key[key] = entry
            self._of[self._waiting.pop(key, [])] = entry
        elif key in self._by_key:
            self._of[entry] = self._by_key[key]
        else:
            self._waiting.setdefault(key, []).append(entry)

    def starts(self, entries: NDArray[np.int32], values: NDArray[np.float64]) -> NDArray[np.int64] | None:
        """The start timestamps (ms, 0 where unknown) of rows with these entries and values; None if none is known."""
        if not self._by_key or not len(entries):
            return None
        seconds = np.zeros(self._of.shape[0] + 1)
        seconds[entries] = values
        seconds[-1] = 0.0
        ms = seconds[self._of[entries]] * 1000.0
        plausible = np.isfinite(ms) & (ms > 0) & (ms < 2.0**53)
        return np.where(plausible, ms, 0.0).astype(np.int64) if plausible.any() else None

    def keep(self, entries: NDArray[np.int64]) -> None:
        """Renumber: entry i was entries[i] so far."""
        size = self._of.shape[0]
        renumbered = np.full(size + 1, _NONE, dtype=np.int32)
        renumbered[entries] = np.arange(len(entries), dtype=np.int32)
        of = np.full(max(64, len(entries)), _NONE, dtype=np.int32)
        of[: len(entries)] = renumbered[self._of[entries]]
        numbers: list[int] = renumbered.tolist()
        self._by_key = {k: numbers[e] for k, e in self._by_key.items() if numbers[e] != _NONE}
        waiting = {k: [numbers[e] for e in es if numbers[e] != _NONE] for k, es in self._waiting.items()}
        self._waiting = {k: es for k, es in waiting.items() if es}
        self._of = of
