"""A native histogram with float counts: exponential buckets, or custom ones (schema −53)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

CUSTOM_BUCKETS = -53
FINEST_SCHEMA = 8
COARSEST_SCHEMA = -4


class CounterReset(IntEnum):
    """What the sender said about a counter reset before this sample (Prometheus' CounterResetHint)."""

    UNKNOWN = 0
    YES = 1
    NO = 2
    GAUGE = 3


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Buckets of one sign: `index` int32 rising, `count` float64, absolute counts (zeros allowed); both shape (b,).

    Bucket i of an exponential schema s reaches from base**(i-1) to base**i with base = 2**2**-s; of the custom ones
    from bound i-1 to bound i. The arrays are shared freely between histograms and never written to.
    """

    index: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    count: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.index)


NO_BUCKETS = Buckets()


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """A native histogram sample (Prometheus' FloatHistogram, its spans unrolled to bucket indexes).

    `schema` −4…8, or `CUSTOM_BUCKETS`, when `custom_values` holds the upper bounds (without +Inf), `positive` the
    counts, and zero bucket and `negative` are empty. A `sum` that is the staleness marker ends the series.
    """

    schema: int = 0
    count: float = 0.0
    sum: float = 0.0
    zero_threshold: float = 0.0
    zero_count: float = 0.0
    positive: Buckets = NO_BUCKETS
    negative: Buckets = NO_BUCKETS
    custom_values: tuple[float, ...] = ()
    reset: CounterReset = CounterReset.UNKNOWN

    @property
    def uses_custom_buckets(self) -> bool:
        """Say whether the bounds are the histogram's own rather than powers of a base."""
        return self.schema == CUSTOM_BUCKETS


class HistogramsIncompatible(ValueError):
    """Exponential and custom buckets cannot be combined."""

    def __init__(self) -> None:
        super().__init__(
            "cannot apply this operation on histograms with a mix of exponential and custom bucket schemas"
        )
