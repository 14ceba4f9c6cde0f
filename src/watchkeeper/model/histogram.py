"""A native histogram with float counts: exponential buckets, or custom ones (schema −53)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

CUSTOM_BUCKETS = -53


class CounterReset(IntEnum):
    """What the sender said about a counter reset before this sample (Prometheus' CounterResetHint)."""

    UNKNOWN = 0
    YES = 1
    NO = 2
    GAUGE = 3


@dataclass(frozen=True, slots=True)
class Buckets:
    """Populated buckets of one sign: `index` int32 rising, `count` float64, absolute counts; both shape (b,)."""

    index: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    count: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0, dtype=np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """A native histogram sample (Prometheus' FloatHistogram, its spans unrolled to bucket indexes).

    `schema` −4…8, or `CUSTOM_BUCKETS`, when `custom_values` holds the upper bounds and `positive` the counts.
    """

    schema: int = 0
    count: float = 0.0
    sum: float = 0.0
    zero_threshold: float = 0.0
    zero_count: float = 0.0
    positive: Buckets = field(default_factory=Buckets)
    negative: Buckets = field(default_factory=Buckets)
    custom_values: tuple[float, ...] = ()
    reset: CounterReset = CounterReset.UNKNOWN
