"""A histogram message as the house's value."""

from __future__ import annotations

from typing import Any

import numpy as np

from watchkeeper.model.histogram import (
    NO_BUCKETS,
    Buckets,
    CounterReset,
    Histogram,
    Span,
    from_counts,
    from_deltas,
    known_schema,
    received_hint,
    validate,
)
from watchkeeper.model.samples import STALE_BITS


def is_stale(message: Any) -> bool:
    """Say whether a histogram message only says that its series ended: its sum is the staleness marker."""
    return int(np.float64(message.sum).view(np.uint64)) == STALE_BITS


def histogram_of(message: Any) -> Histogram:
    """The value of a Histogram message of either version. Raises InvalidHistogram."""
    is_float = message.WhichOneof("count") == "count_float"
    hint = message.reset_hint
    found = Histogram(
        schema=message.schema,
        count=message.count_float if is_float else float(message.count_int),
        sum=message.sum,
        zero_threshold=message.zero_threshold,
        zero_count=message.zero_count_float if is_float else float(message.zero_count_int),
        positive=_buckets(message.positive_spans, message.positive_counts, message.positive_deltas, is_float),
        negative=_buckets(message.negative_spans, message.negative_counts, message.negative_deltas, is_float),
        custom_values=tuple(message.custom_values),
        reset=received_hint(CounterReset(hint)) if hint in iter(CounterReset) else CounterReset.UNKNOWN,
    )
    found = known_schema(found)
    validate(found, whole_counts=not is_float)
    return found


def _buckets(spans: Any, counts: Any, deltas: Any, is_float: bool) -> Buckets:
    numbers = counts if is_float else deltas
    if not spans and not numbers:
        return NO_BUCKETS
    laid = [Span(span.offset, span.length) for span in spans]
    return from_counts(laid, list(numbers)) if is_float else from_deltas(laid, list(numbers))
