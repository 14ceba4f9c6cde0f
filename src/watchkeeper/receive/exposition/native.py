"""Histogram messages as native histograms."""

from __future__ import annotations

from typing import Any

from watchkeeper.model.histogram import (
    Buckets,
    CounterReset,
    Histogram,
    Span,
    compact,
    from_classic,
    from_counts,
    from_deltas,
    known_schema,
    validate,
)


def is_native(message: Any) -> bool:
    """Say whether a histogram message has a native part; one without samples says so by an empty span."""
    return bool(
        len(message.positive_span)
        or len(message.negative_span)
        or message.zero_threshold > 0
        or message.zero_count > 0
        or message.zero_count_float > 0
    )


def native_histogram(message: Any, *, gauge: bool) -> Histogram:
    """The native part of a histogram message. Raises InvalidHistogram."""
    as_floats = message.sample_count_float > 0 or message.zero_count_float > 0
    histogram = Histogram(
        schema=message.schema,
        count=message.sample_count_float if as_floats else float(message.sample_count),
        sum=message.sample_sum,
        zero_threshold=message.zero_threshold,
        zero_count=message.zero_count_float if as_floats else float(message.zero_count),
        positive=_buckets(
            message.positive_span, message.positive_count if as_floats else message.positive_delta, as_floats
        ),
        negative=_buckets(
            message.negative_span, message.negative_count if as_floats else message.negative_delta, as_floats
        ),
        reset=CounterReset.GAUGE if gauge else CounterReset.UNKNOWN,
    )
    histogram = known_schema(histogram)
    validate(histogram, whole_counts=not as_floats)
    return compact(histogram)


def converted(message: Any) -> Histogram:
    """A classic histogram's message as a native histogram with custom buckets. Raises InvalidHistogram."""
    buckets = [(b.upper_bound, b.cumulative_count_float or float(b.cumulative_count)) for b in message.bucket]
    count = message.sample_count_float or float(message.sample_count)
    histogram = from_classic(buckets, count, message.sample_sum)
    validate(histogram)
    return histogram


def _buckets(spans: Any, numbers: Any, as_floats: bool) -> Buckets:
    laid_out = [Span(span.offset, span.length) for span in spans]
    return from_counts(laid_out, list(numbers)) if as_floats else from_deltas(laid_out, list(numbers))
