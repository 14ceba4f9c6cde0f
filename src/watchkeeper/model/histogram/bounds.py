"""Where buckets begin and end, bit for bit as Prometheus says it."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram.values import CUSTOM_BUCKETS, Histogram

_LN2_HI = 6.93147180369123816490e-01
_LN2_LO = 1.90821492927058770002e-10
_REMEZ = (
    1.66666666666666657415e-01,
    -2.77777777770155933842e-03,
    6.61375632143793436117e-05,
    -1.65339022054652515390e-06,
    4.13813679705723846039e-08,
)
_LAST_EXPONENT = 1024
"""2**1024 overflows: the last bucket for ordinary numbers ends at the largest float, the one after it at +Inf."""


def exp2(x: float) -> float:
    """2**x with the rounding of FreeBSD's e_exp.c, which Go's math.Exp2 has and the C library's exp2 has not.

    Bucket bounds and interpolated quantiles are compared as texts, so the last bit matters.
    """
    if math.isnan(x) or math.isinf(x):
        return x if x > 0 or math.isnan(x) else 0.0
    if x > 1.0239999999999999e03:
        return math.inf
    if x < -1.0740e03:
        return 0.0
    k = int(x + 0.5) if x > 0 else int(x - 0.5) if x < 0 else 0
    t = x - k
    return _exp_reduced(t * _LN2_HI, -t * _LN2_LO, k)


def _exp_reduced(hi: float, lo: float, k: int) -> float:
    r = hi - lo
    t = r * r
    c = r - t * (_REMEZ[0] + t * (_REMEZ[1] + t * (_REMEZ[2] + t * (_REMEZ[3] + t * _REMEZ[4]))))
    y = 1 - ((lo - (r * c) / (2 - c)) - hi)
    return math.ldexp(y, k)


def log2(x: float) -> float:
    """The binary logarithm of x ≥ 0, exact for powers of two, as Go computes it."""
    if x <= 0 or math.isinf(x) or math.isnan(x):
        return -math.inf if x == 0 else x if x > 0 else math.nan
    fraction, exponent = math.frexp(x)
    if fraction == 0.5:
        return float(exponent - 1)
    return math.log(fraction) * (1 / math.log(2)) + exponent


@cache
def _fractions(schema: int) -> NDArray[np.float64]:
    """The bounds within [0.5, 1) for schema 0…8; a coarser schema's bounds are a subset of a finer one's."""
    if schema == 0:
        return np.array([0.5])
    coarser = _fractions(schema - 1)
    factor = exp2(2.0**-schema)
    fractions = np.repeat(coarser, 2)
    fractions[1::2] *= factor
    return fractions


def exponential_bounds(index: NDArray[np.integer], schema: int) -> NDArray[np.float64]:
    """The upper bounds (absolute values) of exponential buckets; any shape."""
    wide = index.astype(np.int64)
    if schema < 0:
        exponent = wide << -schema
        bounds = np.ldexp(1.0, np.clip(exponent, -1100, 1100))
        last = exponent == _LAST_EXPONENT
    else:
        at = wide & ((1 << schema) - 1)
        exponent = (wide >> schema) + 1
        bounds = np.ldexp(_fractions(schema)[at], np.clip(exponent, -1100, 1100))
        last = (at == 0) & (exponent == _LAST_EXPONENT + 1)
    return np.where(last, sys.float_info.max, bounds)


def upper_bounds(index: NDArray[np.integer], schema: int, custom: Sequence[float] = ()) -> NDArray[np.float64]:
    """The upper bounds of buckets; for custom buckets −1 stands for −Inf and the last for +Inf."""
    if schema != CUSTOM_BUCKETS:
        with np.errstate(over="ignore", under="ignore"):
            return exponential_bounds(index, schema)
    padded = np.array([-math.inf, *custom, math.inf])
    return padded[np.asarray(index) + 1]


class Table:
    """All buckets of a histogram in rising order: `lower`, `upper`, `count`, shape (b,), and which bounds belong in.

    The zero bucket stands among them where it is populated, and a bucket that overlaps it is cut at the zero
    threshold (Prometheus' AllBucketIterator).
    """

    __slots__ = ("closed_above", "closed_below", "count", "lower", "upper", "zero_at")

    def __init__(self, h: Histogram) -> None:
        negative = _sided(h, negative=True)
        positive = _sided(h, negative=False)
        zero = np.array([h.zero_threshold] if h.zero_count > 0 and not h.uses_custom_buckets else [])
        self.lower = np.concatenate((negative[0], -zero, positive[0]))
        self.upper = np.concatenate((negative[1], zero, positive[1]))
        self.count = np.concatenate((negative[2], zero * 0 + h.zero_count, positive[2]))
        self.zero_at = len(negative[0]) if len(zero) else -1
        if h.uses_custom_buckets:
            self.closed_below = h.positive.index == 0
            self.closed_above = np.ones(len(self.count), dtype=np.bool_)
        else:
            self.closed_below = self.lower < 0
            self.closed_above = self.upper > 0
            if self.zero_at >= 0:
                self.closed_below[self.zero_at] = True
                self.closed_above[self.zero_at] = True

    def __len__(self) -> int:
        return len(self.count)


def _sided(h: Histogram, *, negative: bool) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Lower, upper and count of one side, rising, cut at the zero threshold."""
    buckets = h.negative if negative else h.positive
    outer = upper_bounds(buckets.index, h.schema, h.custom_values)
    inner = upper_bounds(buckets.index - 1, h.schema, h.custom_values)
    if not h.uses_custom_buckets:
        inner = np.where((inner > 0) & (inner < h.zero_threshold), h.zero_threshold, inner)
    if negative:
        return -outer[::-1], -inner[::-1], buckets.count[::-1]
    return inner, outer, buckets.count
