"""Samples on their way into and out of the store: columns, never an object a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher

STALE_BITS = 0x7FF0000000000002
"""The bits of the NaN that says «this series ended here» (Prometheus' staleness marker)."""
STALE = np.array([STALE_BITS], dtype=np.uint64).view(np.float64)[0]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One exemplar of the series `ref`; `timestamp` in ms."""

    ref: int
    labels: Labels
    value: float
    timestamp: int


@dataclass(frozen=True, slots=True)
class MetricMetadata:
    """What a metric says of itself; `type` is one of Prometheus' words (counter, gauge, histogram …, unknown)."""

    metric: str
    type: str
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class SampleBatch:
    """Samples of one tenant to be appended; all columns have shape (m,) and the order in which they were received.

    `refs` are series as `Store.resolve` gave them (int32, none of them negative); `timestamps` int64 ms; `values`
    float64, staleness markers by their bits; `starts` int64 ms start timestamps, 0 where unknown. A row in
    `histograms` (row → native histogram) has no meaning in `values`. `backfill` says that it is history: samples of
    any age and in any order are welcome, and of two with one timestamp the later counts.
    """

    tenant: str
    refs: NDArray[np.int32]
    timestamps: NDArray[np.int64]
    values: NDArray[np.float64]
    starts: NDArray[np.int64] | None = None
    histograms: Mapping[int, Histogram] = field(default_factory=dict[int, Histogram])
    exemplars: Sequence[Exemplar] = ()
    metadata: Sequence[MetricMetadata] = ()
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class AppendOutcome:
    """What became of a batch, in samples; the names of the refusals are Prometheus'.

    `accepted` includes exact duplicates, which are idempotent. `reasons` holds a few readable examples, each naming
    its series.
    """

    accepted: int
    accepted_histograms: int = 0
    accepted_exemplars: int = 0
    out_of_order: int = 0
    too_old: int = 0
    duplicate_timestamp: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def refused(self) -> int:
        """The samples that were not stored."""
        return self.out_of_order + self.too_old + self.duplicate_timestamp


@dataclass(frozen=True, slots=True)
class Selection:
    """These series, this time range: both ends of [start, end] belong to it, int ms.

    With `newest_only` the last sample in the range of each series suffices (more may come, start timestamps need not).
    """

    tenant: str
    matchers: tuple[Matcher, ...]
    start: int
    end: int
    newest_only: bool = False


@dataclass(frozen=True, slots=True)
class SeriesBlock:
    """n series and their m samples as one columnar block.

    Row i of `frame` owns the samples offsets[i]:offsets[i+1] (`offsets` int64, shape (n+1,)), in rising timestamp
    order without duplicates; series without a sample in the range are left out. `values` keeps staleness markers.
    `histogram_at` (int32, shape (m,), −1 for a float) points into `histograms`; both are empty or None where all
    samples are floats. `starts` is None where no sample has a start timestamp.
    """

    frame: LabelFrame
    offsets: NDArray[np.int64]
    timestamps: NDArray[np.int64]
    values: NDArray[np.float64]
    starts: NDArray[np.int64] | None = None
    histogram_at: NDArray[np.int32] | None = None
    histograms: Sequence[Histogram] = ()

    def __len__(self) -> int:
        return len(self.frame)
