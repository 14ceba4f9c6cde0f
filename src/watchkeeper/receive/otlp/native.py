"""Histogram data points as native histograms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import (
    CUSTOM_BUCKETS,
    NO_BUCKETS,
    Buckets,
    Histogram,
    InvalidHistogram,
    compact,
    known_schema,
    validate,
)

_ZERO_THRESHOLD = 1e-128
"""Prometheus' own, whatever the data point says of its zero bucket."""
_COARSEST, _FINEST = -4, 8
_INT32 = np.iinfo(np.int32)


def exponential(point: Any) -> Histogram:
    """An exponential data point. Raises InvalidHistogram."""
    if point.scale < _COARSEST:
        raise InvalidHistogram(
            f"cannot convert exponential to native histogram. Scale must be >= {_COARSEST}, was {point.scale}"
        )
    found = Histogram(
        schema=min(point.scale, _FINEST),
        count=float(point.count),
        sum=point.sum,
        zero_threshold=_ZERO_THRESHOLD,
        zero_count=float(point.zero_count),
        positive=_exponential_buckets(point.positive, point.scale),
        negative=_exponential_buckets(point.negative, point.scale),
    )
    validate(found, whole_counts=True)
    return found


def explicit(point: Any) -> Histogram:
    """An explicit data point, its bounds as custom ones. Raises InvalidHistogram."""
    counts = np.array(point.bucket_counts, dtype=np.float64)
    index = np.flatnonzero(counts).astype(np.int32)
    found = Histogram(
        schema=CUSTOM_BUCKETS,
        count=float(point.count),
        sum=point.sum,
        positive=Buckets(index, counts[index]) if index.size else NO_BUCKETS,
        custom_values=tuple(point.explicit_bounds),
    )
    found = known_schema(found)
    validate(found, whole_counts=True)
    return compact(found)


def _exponential_buckets(side: Any, scale: int) -> Buckets:
    """The buckets that count anything: OpenTelemetry's bucket 0 begins at 1, Prometheus' ends there."""
    counts: NDArray[np.float64] = np.array(side.bucket_counts, dtype=np.float64)
    filled = np.flatnonzero(counts)
    if not filled.size:
        return NO_BUCKETS
    index = ((filled.astype(np.int64) + side.offset) >> max(scale - _FINEST, 0)) + 1
    if index[0] < _INT32.min or index[-1] > _INT32.max:
        raise InvalidHistogram("histogram has a bucket whose index does not fit into 32 bits")
    starts = np.flatnonzero(np.concatenate(([True], index[1:] != index[:-1])))
    return Buckets(index[starts].astype(np.int32), np.add.reduceat(counts[filled], starts))
