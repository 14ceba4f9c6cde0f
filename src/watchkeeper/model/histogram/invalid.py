"""What makes a histogram unacceptable, in Prometheus' words, on which its clients' logs and tests depend."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from watchkeeper.base.failure import Failure
from watchkeeper.model.histogram.layout import reduce_schema
from watchkeeper.model.histogram.values import (
    COARSEST_SCHEMA,
    CUSTOM_BUCKETS,
    FINEST_SCHEMA,
    Buckets,
    Histogram,
)

_COARSEST_KNOWN = -9
_FINEST_KNOWN = 52


class InvalidHistogram(Failure):
    """A histogram contradicts itself; the text says how."""


def validate(h: Histogram, *, whole_counts: bool = False) -> None:
    """Raise InvalidHistogram unless `h` is consistent.

    `whole_counts` says that it came as an integer histogram, whose count must then equal the sum of its buckets (or
    be no less, where NaN was observed); a float histogram's rounding makes that check impossible.
    """
    if h.uses_custom_buckets:
        _check_custom(h)
    elif COARSEST_SCHEMA <= h.schema <= FINEST_SCHEMA:
        _check_exponential(h)
    else:
        raise InvalidHistogram(
            f"histogram has an invalid schema, which must be between {COARSEST_SCHEMA} and {FINEST_SCHEMA} for "
            f"exponential buckets, or {CUSTOM_BUCKETS} for custom buckets, got schema {h.schema}"
        )
    if h.count < 0:
        raise InvalidHistogram(f"observation count is {h.count:g}: histogram's observation count is negative")
    _check_counts(h.positive, "positive side: ")
    if whole_counts:
        _check_total(h)


def known_schema(h: Histogram) -> Histogram:
    """The histogram in a schema that can be stored: finer ones up to 52 are made coarser.

    Raises InvalidHistogram for a schema that nobody defined, or one coarser than −4.
    """
    if h.schema == CUSTOM_BUCKETS or COARSEST_SCHEMA <= h.schema <= FINEST_SCHEMA:
        return h
    if FINEST_SCHEMA < h.schema <= _FINEST_KNOWN:
        return reduce_schema(h, FINEST_SCHEMA)
    raise InvalidHistogram(
        f"histogram has an unknown schema, which must be between {_COARSEST_KNOWN} and {_FINEST_KNOWN} for "
        f"exponential buckets, or {CUSTOM_BUCKETS} for custom buckets, got schema {h.schema}"
    )


def check_bounds(bounds: Sequence[float], needed: int) -> None:
    """Raise InvalidHistogram unless custom `bounds` rise, are finite above, and cover `needed` buckets."""
    previous = -math.inf
    for position, bound in enumerate(bounds):
        if math.isnan(bound):
            raise InvalidHistogram("custom buckets: histogram custom bounds must not be NaN")
        if position > 0 and bound <= previous:
            raise InvalidHistogram(
                f"custom buckets: previous bound is {previous:f} and current is {bound:f}: "
                "histogram custom bounds must be in strictly increasing order"
            )
        previous = bound
    if previous == math.inf:
        raise InvalidHistogram(
            "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite"
        )
    if len(bounds) + 1 < needed:
        raise InvalidHistogram(
            f"custom buckets: only {len(bounds)} custom bounds defined which is insufficient to cover total span "
            f"length of {needed}: histogram custom bounds are too few"
        )


def _check_custom(h: Histogram) -> None:
    if len(h.positive) and h.positive.index[0] < 0:
        raise InvalidHistogram(
            f"custom buckets: span number 1 with offset {int(h.positive.index[0])}: "
            "histogram has a span whose offset is negative"
        )
    check_bounds(h.custom_values, int(h.positive.index[-1]) + 1 if len(h.positive) else 0)
    if h.zero_count != 0:
        raise InvalidHistogram("custom buckets: must have zero count of 0")
    if h.zero_threshold != 0:
        raise InvalidHistogram("custom buckets: must have zero threshold of 0")
    if len(h.negative):
        raise InvalidHistogram("custom buckets: must not have negative buckets")


def _check_exponential(h: Histogram) -> None:
    _check_counts(h.negative, "negative side: ")
    if h.zero_count < 0:
        raise InvalidHistogram(
            f"zero bucket has observation count of {h.zero_count:g}: "
            "histogram has a bucket whose observation count is negative"
        )
    if h.custom_values:
        raise InvalidHistogram("histogram with exponential schema must not have custom bounds")


def _check_counts(buckets: Buckets, side: str) -> None:
    negative = np.flatnonzero(buckets.count < 0)
    if len(negative):
        at = int(negative[0])
        raise InvalidHistogram(
            f"{side}bucket number {at + 1} has observation count of {buckets.count[at]:g}: "
            "histogram has a bucket whose observation count is negative"
        )


def _check_total(h: Histogram) -> None:
    found = int(h.positive.count.sum() + h.negative.count.sum() + h.zero_count)
    said = int(h.count)
    counted = f"{found} observations found in buckets, but the Count field is {said}: "
    if math.isnan(h.sum):
        if found > said:
            raise InvalidHistogram(
                counted + "histogram's observation count should be at least the number of observations found in the "
                "buckets"
            )
    elif found != said:
        raise InvalidHistogram(
            counted + "histogram's observation count should equal the number of observations found in the buckets "
            "(in absence of NaN)"
        )
