"""Cutting observations off a histogram at a threshold: PromQL's `</` and `>/`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from watchkeeper.model.histogram.bounds import log2, upper_bounds
from watchkeeper.model.histogram.layout import compact
from watchkeeper.model.histogram.values import Buckets, Histogram


@dataclass(frozen=True, slots=True)
class _Bucket:
    lower: float
    upper: float
    count: float
    linear: bool
    positive: bool


def trim(h: Histogram, threshold: float, *, keep_below: bool) -> Histogram:
    """The histogram with only its observations below (`</`) or above (`>/`) the threshold.

    A bucket that contains the threshold is interpolated; count and sum are estimated anew from the buckets kept, but
    only where something was cut off (Prometheus' TrimBuckets).
    """
    trimmer = _Trimmer(h, threshold, keep_below)
    positive = trimmer.side(h.positive, positive=True)
    negative = trimmer.side(h.negative, positive=False)
    zero_count = trimmer.zero()
    if not trimmer.cut:
        return h
    return compact(
        replace(
            h,
            count=trimmer.count,
            sum=trimmer.sum,
            zero_count=zero_count,
            positive=positive,
            negative=negative,
        )
    )


class _Trimmer:
    """One trimming, adding up what is kept."""

    __slots__ = ("count", "cut", "h", "keep_below", "sum", "threshold")

    def __init__(self, h: Histogram, threshold: float, keep_below: bool) -> None:
        self.h = h
        self.threshold = threshold
        self.keep_below = keep_below
        self.count = self.sum = 0.0
        self.cut = False

    def side(self, buckets: Buckets, *, positive: bool) -> Buckets:
        h = self.h
        outer = upper_bounds(buckets.index, h.schema, h.custom_values)
        inner = upper_bounds(buckets.index - 1, h.schema, h.custom_values)
        lower, upper = (inner, outer) if positive else (-outer, -inner)
        kept = buckets.count.copy()
        for i, (low, high, count) in enumerate(
            zip(lower.tolist(), upper.tolist(), buckets.count.tolist(), strict=True)
        ):
            if count != 0:
                kept[i] = self._keep(_Bucket(low, high, count, h.uses_custom_buckets, positive))
        return Buckets(buckets.index, kept)

    def _keep(self, b: _Bucket) -> float:
        """How much of the bucket stays."""
        whole = b.upper <= self.threshold if self.keep_below else b.lower >= self.threshold
        split = b.lower < self.threshold if self.keep_below else b.upper > self.threshold
        if whole:
            kept, middle = b.count, _middle(b.lower, b.upper, b)
        elif not split:
            kept, middle = 0.0, 0.0
        elif math.isinf(b.lower) or math.isinf(b.upper):
            kept, middle = self._unbounded(b)
        else:
            below = _count_below(b, self.threshold)
            if self.keep_below:
                kept, middle = below, _middle(b.lower, self.threshold, b)
            else:
                kept, middle = b.count - below, _middle(self.threshold, b.upper, b)
        self._add(kept, middle, of=b.count)
        return kept

    def _add(self, kept: float, middle: float, of: float) -> None:
        self.count += kept
        self.sum += middle * kept
        self.cut = self.cut or kept != of

    def _unbounded(self, b: _Bucket) -> tuple[float, float]:
        """A bucket that reaches to −Inf or +Inf and holds the threshold: kept or dropped whole, mostly."""
        at = self.threshold
        if math.isinf(b.lower) and b.lower < 0:
            if self.keep_below:
                if at > 0 and 0 < b.upper < math.inf:
                    return b.count * at / b.upper, at / 2
                return (b.count, at) if b.upper <= 0 else (0.0, 0.0)
            if at >= 0 and at < b.upper < math.inf:
                return b.count * (1 - at / b.upper), (at + b.upper) / 2
            return 0.0, 0.0
        if not self.keep_below and at >= b.lower:
            return b.count, at
        return 0.0, 0.0

    def zero(self) -> float:
        """What stays of the zero bucket, which reaches only to 0 on a side without buckets."""
        h = self.h
        if h.zero_count <= 0 or h.uses_custom_buckets:
            return h.zero_count
        has_negative, has_positive = bool(h.negative.count.any()), bool(h.positive.count.any())
        lower = 0.0 if has_positive and not has_negative else -h.zero_threshold
        upper = 0.0 if has_negative and not has_positive else h.zero_threshold
        at = self.threshold
        nothing, everything = (at <= lower, at >= upper) if self.keep_below else (at >= upper, at <= lower)
        if (self.keep_below and nothing) or (not everything and nothing):
            kept, middle = 0.0, 0.0
        elif everything:
            kept, middle = h.zero_count, (lower + upper) / 2
        elif self.keep_below:
            kept, middle = h.zero_count * ((at - lower) / (upper - lower)), (lower + at) / 2
        else:
            kept, middle = h.zero_count * ((upper - at) / (upper - lower)), (at + upper) / 2
        self._add(kept, middle, of=h.zero_count)
        return kept


def _count_below(b: _Bucket, at: float) -> float:
    """The observations of a bounded bucket up to `at`, which lies in it."""
    if at <= b.lower:
        return 0.0
    if at >= b.upper:
        return b.count
    if b.linear:
        fraction = (at - b.lower) / (b.upper - b.lower)
    else:
        low, high, here = log2(abs(b.lower)), log2(abs(b.upper)), log2(abs(at))
        fraction = (here - low) / (high - low) if b.positive else 1 - (here - high) / (low - high)
    return b.count * fraction


def _middle(lower: float, upper: float, b: _Bucket) -> float:
    """The value that stands for the observations between two bounds."""
    if math.isinf(lower):
        if math.isinf(upper):
            return 0.0
        return upper / 2 if upper > 0 else upper
    if math.isinf(upper):
        return lower
    if b.linear:
        return (lower + upper) / 2
    geometric = math.sqrt(abs(float(np.float64(lower) * upper)))
    return geometric if b.positive else -geometric
