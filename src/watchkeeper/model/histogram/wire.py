"""Spans and buckets as the wire formats carry them (remote write, scrape protobuf, remote read), to and from arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from watchkeeper.model.histogram.invalid import InvalidHistogram
from watchkeeper.model.histogram.values import NO_BUCKETS, Buckets

_MOST_BUCKETS = 1 << 20
"""No sane histogram has more; spans that claim so are refused before memory is reserved for them."""
_INT32 = np.iinfo(np.int32)


@dataclass(frozen=True, slots=True)
class Span:
    """`length` adjacent buckets, `offset` after the end of the span before (the first: from bucket 0)."""

    offset: int
    length: int


def from_deltas(spans: Sequence[Span], deltas: ArrayLike) -> Buckets:
    """The buckets of an integer histogram, each count the difference to the one before.

    Raises InvalidHistogram where spans and buckets do not fit, or a count is negative.
    """
    counts = np.cumsum(np.asarray(deltas, dtype=np.int64), dtype=np.int64)
    return _buckets(spans, counts.astype(np.float64))


def from_counts(spans: Sequence[Span], counts: ArrayLike) -> Buckets:
    """The buckets of a float histogram, absolute counts. Raises InvalidHistogram as `from_deltas` does."""
    return _buckets(spans, np.array(counts, dtype=np.float64))


def _buckets(spans: Sequence[Span], counts: NDArray[np.float64]) -> Buckets:
    index = bucket_indexes(spans, len(counts))
    negative = np.flatnonzero(counts < 0)
    if len(negative):
        at = int(negative[0])
        raise InvalidHistogram(
            f"bucket number {at + 1} has observation count of {counts[at]:g}: "
            "histogram has a bucket whose observation count is negative"
        )
    return Buckets(index, counts) if len(index) else NO_BUCKETS


def bucket_indexes(spans: Sequence[Span], buckets: int) -> NDArray[np.int32]:
    """The indexes of the `buckets` buckets that `spans` lay out. Raises InvalidHistogram where they do not fit."""
    for number, span in enumerate(spans[1:], start=2):
        if span.offset < 0:
            raise InvalidHistogram(
                f"span number {number} with offset {span.offset}: histogram has a span whose offset is negative"
            )
    needed = sum(span.length for span in spans)
    if needed != buckets or needed > _MOST_BUCKETS:
        raise InvalidHistogram(
            f"spans need {needed} buckets, have {buckets} buckets: "
            "histogram spans specify different number of buckets than provided"
        )
    offsets = np.array([span.offset for span in spans], dtype=np.int64)
    lengths = np.array([span.length for span in spans], dtype=np.int64)
    before = np.cumsum(lengths) - lengths
    starts = np.cumsum(offsets) + before
    index = np.repeat(starts - before, lengths) + np.arange(needed)
    if needed and (index[0] < _INT32.min or index[-1] > _INT32.max):
        raise InvalidHistogram("histogram has a bucket whose index does not fit into 32 bits")
    return index.astype(np.int32)


def to_spans(buckets: Buckets) -> tuple[list[Span], NDArray[np.float64]]:
    """The spans that lay the buckets out, and their absolute counts."""
    index = buckets.index
    if not len(index):
        return [], buckets.count
    breaks = np.flatnonzero(np.diff(index) != 1) + 1
    starts = np.concatenate(([0], breaks))
    ends = np.concatenate((breaks, [len(index)]))
    after = np.concatenate(([0], index[breaks - 1].astype(np.int64) + 1))
    offsets = index[starts].astype(np.int64) - after
    lengths = ends - starts
    return [Span(o, n) for o, n in zip(offsets.tolist(), lengths.tolist(), strict=True)], buckets.count


def to_deltas(buckets: Buckets) -> tuple[list[Span], NDArray[np.int64]]:
    """The spans, and each whole count as the difference to the one before."""
    spans, counts = to_spans(buckets)
    return spans, np.diff(counts.astype(np.int64), prepend=np.int64(0))
