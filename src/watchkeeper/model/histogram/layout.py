"""Bringing two histograms to one bucket layout: coarser schemas, wider zero buckets, shared custom bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram.bounds import upper_bounds
from watchkeeper.model.histogram.values import NO_BUCKETS, Buckets, Histogram


def compact(h: Histogram) -> Histogram:
    """The histogram without its empty buckets (Prometheus' Compact(0), its canonical form)."""
    positive, negative = without_empty(h.positive), without_empty(h.negative)
    if positive is h.positive and negative is h.negative:
        return h
    return replace(h, positive=positive, negative=negative)


def without_empty(buckets: Buckets) -> Buckets:
    """The buckets less those that count zero; the very same object where there are none."""
    populated = buckets.count != 0
    if populated.all():
        return buckets
    return Buckets(buckets.index[populated], buckets.count[populated])


def merged(index: NDArray[np.int32], count: NDArray[np.float64]) -> Buckets:
    """Buckets from an unsorted or repeating `index`: counts of the same bucket are added in the order given."""
    if len(index) == 0:
        return NO_BUCKETS
    distinct, at = np.unique(index, return_inverse=True)
    return Buckets(distinct, np.bincount(at, weights=count, minlength=len(distinct)).astype(np.float64))


def coarser_index(index: NDArray[np.int32], schema: int, target: int) -> NDArray[np.int32]:
    """Where buckets of `schema` fall in the coarser `target`."""
    return (((index - 1) >> (schema - target)) + 1).astype(np.int32)


def reduce_buckets(buckets: Buckets, schema: int, target: int) -> Buckets:
    """The buckets at a coarser resolution."""
    if schema == target or not len(buckets):
        return buckets
    index = coarser_index(buckets.index, schema, target)
    starts = np.flatnonzero(np.concatenate(([True], index[1:] != index[:-1])))
    return Buckets(index[starts], np.add.reduceat(buckets.count, starts))


def reduce_schema(h: Histogram, target: int) -> Histogram:
    """The histogram at the coarser exponential schema `target` (Prometheus' CopyToSchema).

    Raises ValueError where it has custom buckets or is coarser already.
    """
    if target == h.schema:
        return h
    if h.uses_custom_buckets:
        raise ValueError(f"cannot reduce resolution to {target} when there are custom buckets")
    if target > h.schema:
        raise ValueError(f"cannot reduce resolution from schema {h.schema} to {target}")
    return replace(
        h,
        schema=target,
        positive=reduce_buckets(h.positive, h.schema, target),
        negative=reduce_buckets(h.negative, h.schema, target),
    )


@dataclass(frozen=True, slots=True)
class Swallowed:
    """A zero bucket of `threshold`, and which positive and negative buckets it takes in (masks)."""

    threshold: float
    positive: NDArray[np.bool_]
    negative: NDArray[np.bool_]


def swallowed(h: Histogram, threshold: float) -> Swallowed:
    """What a zero bucket as wide as `threshold` would take in.

    A threshold inside a populated bucket moves outwards to that bucket's far bound (Prometheus'
    zeroCountForLargerThreshold). Raises ValueError where `threshold` is below the histogram's own.
    """
    if threshold < h.zero_threshold:
        raise ValueError(f"new threshold {threshold} is less than old threshold {h.zero_threshold}")
    sides = [
        (upper_bounds(side.index - 1, h.schema), upper_bounds(side.index, h.schema), side.count != 0)
        for side in (h.positive, h.negative)
    ]
    while True:
        split = [outer[(inner < threshold) & (outer > threshold) & populated] for inner, outer, populated in sides]
        wider = max((float(bounds[0]) for bounds in split if len(bounds)), default=threshold)
        if wider == threshold:
            return Swallowed(threshold, sides[0][0] < threshold, sides[1][0] < threshold)
        threshold = wider


def widen_zero_bucket(h: Histogram, threshold: float) -> Histogram:
    """The histogram with a zero bucket at least as wide as `threshold`, the buckets in it swallowed."""
    if threshold == h.zero_threshold:
        return h
    taken = swallowed(h, threshold)
    inside = [*h.positive.count[taken.positive].tolist(), *h.negative.count[taken.negative].tolist()]
    return replace(
        h,
        zero_threshold=taken.threshold,
        zero_count=sum(inside, h.zero_count),
        positive=without_empty(_less(h.positive, taken.positive)),
        negative=without_empty(_less(h.negative, taken.negative)),
    )


def _less(buckets: Buckets, mask: NDArray[np.bool_]) -> Buckets:
    return Buckets(buckets.index[~mask], buckets.count[~mask]) if mask.any() else buckets


def common_zero_threshold(a: Histogram, b: Histogram) -> float:
    """The smallest zero threshold that suits both: at least as wide as either's, inside no populated bucket."""
    threshold = max(a.zero_threshold, b.zero_threshold)
    while True:
        wider = max(swallowed(a, threshold).threshold, swallowed(b, threshold).threshold)
        if wider == threshold:
            return threshold
        threshold = wider


def with_common_zero_bucket(a: Histogram, b: Histogram) -> tuple[Histogram, Histogram]:
    """Both histograms with one zero threshold."""
    if a.zero_threshold == b.zero_threshold:
        return a, b
    threshold = common_zero_threshold(a, b)
    return widen_zero_bucket(a, threshold), widen_zero_bucket(b, threshold)


def shared_bounds(a: Sequence[float], b: Sequence[float]) -> tuple[float, ...]:
    """The custom bounds that both have."""
    other = set(b)
    return tuple(bound for bound in a if bound in other)


def rebucket(h: Histogram, bounds: tuple[float, ...]) -> Histogram:
    """A custom-bucket histogram over fewer `bounds`, all of them among its own; empty buckets fall away."""
    if bounds == h.custom_values:
        return h
    own = upper_bounds(h.positive.index, h.schema, h.custom_values)
    index = np.searchsorted(np.array(bounds), own, side="left").astype(np.int32)
    return replace(h, custom_values=bounds, positive=without_empty(merged(index, h.positive.count)))
