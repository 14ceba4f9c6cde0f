"""Classic histograms (`_bucket`, `_count`, `_sum`) as native ones with custom buckets."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from watchkeeper.model.histogram.digits import general
from watchkeeper.model.histogram.invalid import InvalidHistogram
from watchkeeper.model.histogram.values import CUSTOM_BUCKETS, Buckets, Histogram


def from_classic(buckets: Iterable[tuple[float, float]], count: float | None = None, total: float = 0.0) -> Histogram:
    """The native histogram of cumulative `buckets` (upper bound, count), in any order.

    Of several buckets with one bound the first counts. Without `count` the highest bucket's stands for it; without
    a +Inf bucket `count` does. Empty buckets are left out. Raises InvalidHistogram, in Prometheus' words, where counts
    do not rise with the bounds, are negative, or contradict `count`.
    """
    rows = _sorted(buckets)
    if count is not None and count < 0:
        raise InvalidHistogram(f"count must be non-negative: count={general(count)}")
    if count is None:
        if not rows:
            raise InvalidHistogram("count must be provided when no buckets are present")
        count = rows[-1][1]
    if not rows or rows[-1][0] != math.inf:
        rows.append((math.inf, count))
    bound, highest = rows[-1]
    if highest != count:
        raise InvalidHistogram(
            f"count mismatch: count={general(count)} != le={general(bound)} count={general(highest)}"
        )
    own = np.diff(np.array([cumulative for _, cumulative in rows]), prepend=0.0)
    at = np.flatnonzero(own).astype(np.int32)
    return Histogram(
        schema=CUSTOM_BUCKETS,
        count=count,
        sum=total,
        positive=Buckets(at, own[at]),
        custom_values=tuple(bound for bound, _ in rows[:-1]),
    )


def _sorted(buckets: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The buckets by rising bound, each bound once, their counts checked."""
    first: dict[float, float] = {}
    for bound, count in buckets:
        if math.isnan(bound):
            raise InvalidHistogram("bucket boundary must not be NaN")
        if count < 0:
            raise InvalidHistogram(f"bucket count must be non-negative: le={general(bound)}, count={general(count)}")
        first.setdefault(bound, count)
    rows = sorted(first.items())
    for (_, lower), (_, higher) in pairwise(rows):
        if higher < lower:
            raise InvalidHistogram(f"count is not cumulative: {general(higher)} < {general(lower)}")
    return rows
