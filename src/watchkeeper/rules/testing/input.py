"""The series that a test group begins with, and how they get into the store."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.samples import SampleBatch
from watchkeeper.query.promql.script import Series, parse_series, sample_columns
from watchkeeper.rules.rule import RuleGroup
from watchkeeper.rules.testing.failure import TestFailure
from watchkeeper.rules.testing.file import TestGroup
from watchkeeper.store import Store

_LOOKS_AHEAD = re.compile(r"offset\s+-|\bsmoothed\b|@")


class Input:
    """A test group's samples, `step` ms apart. Raises NotationFailure where they are miswritten."""

    def __init__(self, test: TestGroup, step: int, groups: Sequence[RuleGroup]) -> None:
        most = test.end_ms // step + 1
        parsed = (parse_series(f"{one.series} {one.values}") for one in test.input_series)
        self._series = [Series(labels, points[:most]) for labels, points in parsed]
        self._columns = sample_columns(self._series, step)
        self._start = test.start_timestamp
        self._stored = -1
        self._bit_by_bit = any(_LOOKS_AHEAD.search(rule.query) for group in groups for rule in group.rules)

    async def store_until(self, store: Store, tenant: str, elapsed: int) -> None:
        """Store the samples up to that time, or all of them where no rule could tell.

        Raises TestFailure or StoreFailure.
        """
        times = self._columns.timestamps
        mask = times > self._stored
        if self._bit_by_bit:
            mask &= times <= elapsed
        self._stored = elapsed if self._bit_by_bit else int(times.max(initial=elapsed))
        if not mask.any():
            return
        outcome = await store.append(self._batch(store, tenant, np.flatnonzero(mask)))
        if outcome.refused:
            raise TestFailure(f"{outcome.refused} input samples were refused: {'; '.join(outcome.reasons)}")

    def _batch(self, store: Store, tenant: str, rows: NDArray[np.intp]) -> SampleBatch:
        columns = self._columns
        refs = store.resolve(tenant, [one.labels for one in self._series])[columns.row[rows]]
        histograms: dict[int, Histogram] = {
            i: columns.histograms[row] for i, row in enumerate(rows.tolist()) if row in columns.histograms
        }
        times = columns.timestamps[rows] + self._start
        return SampleBatch(tenant, refs, times, columns.values[rows], None, histograms)
