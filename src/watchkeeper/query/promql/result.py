"""What a query answers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.samples import SeriesBlock
from watchkeeper.query.promql.signatures import ValueType
from watchkeeper.query.promql.value import Objects


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time went, in seconds."""

    prepare: float = 0.0
    fetch: float = 0.0
    evaluate: float = 0.0
    sort: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.prepare + self.fetch + self.evaluate + self.sort


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a query looked at: `samples` at all steps together, `peak` at most in memory at once.

    `samples_per_step` int64 (s,), or None where statistics by step were not asked for.
    """

    timings: Timings = field(default_factory=Timings)
    samples: int = 0
    peak: int = 0
    samples_per_step: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """An answer of n series by s steps.

    `kind` is vector (an instant query's, s = 1), matrix, scalar or string. `timestamps` int64 ms (s,). Where `present`
    (n, s) says so there is the float of `values` (n, s); `histograms` (n, s) holds Histogram or None, or is None where
    there are none. An instant query's range vector (`m[5m]`) is in `ranges`, with its own timestamps, and `frame` is
    its frame. A scalar is one row without labels. Series without any sample are left out; a range query's are sorted
    by labels, an instant query's are in the order in which the query put them. `warnings` and `infos` carry positions
    in `query`.
    """

    query: str
    kind: ValueType
    frame: LabelFrame
    timestamps: NDArray[np.int64]
    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    histograms: Objects | None = None
    ranges: SeriesBlock | None = None
    text: str = ""
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    statistics: Statistics = field(default_factory=Statistics)

    def __len__(self) -> int:
        return len(self.frame)
