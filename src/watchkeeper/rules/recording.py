"""A recording rule at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql import Result
from watchkeeper.rules.asking import Asking
from watchkeeper.rules.failure import EvaluationFailure
from watchkeeper.rules.labelling import check_distinct, labelled
from watchkeeper.rules.overlay import Written
from watchkeeper.rules.rule import RecordingRule
from watchkeeper.store import Store


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an evaluation wants written; `complaint` is what went wrong on the side."""

    written: Sequence[Written] = ()
    complaint: str = ""


class Recorder:
    """Evaluates one recording rule round after round; remembers which series its results went to."""

    def __init__(self, rule: RecordingRule, store: Store) -> None:
        self.rule = rule
        self._store = store
        self._labels = {**dict(rule.labels), METRIC_NAME: rule.name}
        self._seen: LabelFrame | None = None
        self._refs = np.zeros(0, dtype=np.int32)
        self._generation = -1

    def evaluate(self, asking: Asking, limit: int) -> Evaluated:
        """Evaluate as of the round's instant. Raises EvaluationFailure, PromqlFailure or StoreFailure."""
        result = asking.vector(self.rule.query)
        refs = self._resolved(asking.tenant, result.frame, limit)
        values = np.ascontiguousarray(result.values[:, 0])
        histograms = _histograms(result)
        refused = int(np.count_nonzero(refs < 0))
        if not refused:
            return Evaluated([Written(self.rule.name, refs, values, histograms)])
        kept = np.flatnonzero(refs >= 0)
        again = {i: histograms[row] for i, row in enumerate(kept.tolist()) if row in histograms}
        written = Written(self.rule.name, refs[kept], values[kept], again)
        return Evaluated([written], f"{refused} new series were refused by the limits of tenant {asking.tenant}")

    def _resolved(self, tenant: str, frame: LabelFrame, limit: int) -> NDArray[np.int32]:
        """The refs of the result's series; mostly they are those of the round before."""
        if self._is_known(frame):
            return self._refs
        check_distinct(frame, self._labels, "rule")
        if 0 < limit < len(frame):
            raise EvaluationFailure(f"exceeded limit of {limit} with {len(frame)} series")
        generation = self._store.generation
        refs = self._store.resolve_columns(tenant, labelled(frame, self._labels))
        self._seen, self._refs, self._generation = frame, refs, generation
        return refs

    def _is_known(self, frame: LabelFrame) -> bool:
        seen = self._seen
        return (
            seen is not None
            and seen.symbols is frame.symbols
            and seen.names == frame.names
            and self._generation == self._store.generation
            and bool((self._refs >= 0).all())
            and np.array_equal(seen.codes, frame.codes)
        )


def _histograms(result: Result) -> Mapping[int, Histogram]:
    if result.histograms is None:
        return {}
    return {row: histogram for row, histogram in enumerate(result.histograms[:, 0]) if histogram is not None}
