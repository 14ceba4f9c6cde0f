"""Sums and means of many histograms, every field compensated, as `sum`, `avg` and their `_over_time` kin need."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram.arithmetic import (
    aligned,
    beyond_zero,
    combined_reset,
    divide,
    scale,
    union,
)
from watchkeeper.model.histogram.bounds import upper_bounds
from watchkeeper.model.histogram.kahan import compensated, compensated_arrays
from watchkeeper.model.histogram.layout import (
    coarser_index,
    common_zero_threshold,
    reduce_schema,
    shared_bounds,
    swallowed,
    widen_zero_bucket,
)
from watchkeeper.model.histogram.values import Buckets, CounterReset, Histogram, HistogramsIncompatible


@dataclass(frozen=True, slots=True)
class Running:
    """A histogram being summed and, in the same layout, what rounding has lost so far."""

    value: Histogram
    lost: Histogram

    @classmethod
    def starting(cls, h: Histogram) -> Running:
        """A sum of one."""
        return cls(h, _zeros_like(h))

    def total(self) -> Histogram:
        """The sum with what was lost put back."""
        value, lost = self.value, self.lost
        return replace(
            value,
            count=value.count + lost.count,
            sum=value.sum + lost.sum,
            zero_count=value.zero_count + lost.zero_count,
            positive=Buckets(value.positive.index, value.positive.count + lost.positive.count),
            negative=Buckets(value.negative.index, value.negative.count + lost.negative.count),
        )

    def scaled(self, factor: float) -> Running:
        """The sum times `factor`."""
        return Running(scale(self.value, factor), scale(self.lost, factor))

    def divided(self, divisor: float) -> Running:
        """The sum over `divisor`."""
        return Running(divide(self.value, divisor), divide(self.lost, divisor))

    @property
    def overflows(self) -> bool:
        """Say whether any of its numbers is infinite."""
        h = self.value
        scalars = np.isinf([h.count, h.sum, h.zero_count]).any()
        return bool(scalars or np.isinf(h.positive.count).any() or np.isinf(h.negative.count).any())


def _zeros_like(h: Histogram) -> Histogram:
    def zeros(b: Buckets) -> Buckets:
        return Buckets(b.index, np.zeros(len(b)))

    return replace(h, count=0.0, sum=0.0, zero_count=0.0, positive=zeros(h.positive), negative=zeros(h.negative))


def accumulate(running: Running, h: Histogram) -> tuple[Running, bool]:
    """The running sum with `h` added, and whether unlike custom bounds had to be reconciled (Prometheus' KahanAdd).

    Raises HistogramsIncompatible where only one of the two has custom buckets.
    """
    value = running.value
    if value.uses_custom_buckets != h.uses_custom_buckets:
        raise HistogramsIncompatible
    reset, _ = combined_reset(value.reset, h.reset)
    running, h, reconciled = _aligned(running, h)
    value, lost = running.value, running.lost
    count, lost_count = compensated(h.count, value.count, lost.count)
    total, lost_total = compensated(h.sum, value.sum, lost.sum)
    zero, lost_zero = compensated(h.zero_count, value.zero_count, lost.zero_count)
    positive, lost_positive = _add_side(value.positive, lost.positive, beyond_zero(h.positive, value))
    negative, lost_negative = _add_side(value.negative, lost.negative, beyond_zero(h.negative, value))
    return Running(
        replace(value, count=count, sum=total, zero_count=zero, positive=positive, negative=negative, reset=reset),
        replace(
            lost, count=lost_count, sum=lost_total, zero_count=lost_zero, positive=lost_positive, negative=lost_negative
        ),
    ), reconciled


def _add_side(value: Buckets, lost: Buckets, term: Buckets) -> tuple[Buckets, Buckets]:
    if not len(term):
        return value, lost
    if len(value) == len(term) and (value.index is term.index or np.array_equal(value.index, term.index)):
        count, rest = compensated_arrays(term.count, value.count, lost.count)
        return Buckets(value.index, count), Buckets(value.index, rest)
    index, at_value, at_term = union(value.index, term.index)
    count, rest, terms = np.zeros(len(index)), np.zeros(len(index)), np.zeros(len(index))
    count[at_value], rest[at_value], terms[at_term] = value.count, lost.count, term.count
    count, rest = compensated_arrays(terms, count, rest)
    return Buckets(index, count), Buckets(index, rest)


def _aligned(running: Running, h: Histogram) -> tuple[Running, Histogram, bool]:
    """The running sum and the next term in one layout; what was lost follows its bucket."""
    value = running.value
    if value.uses_custom_buckets:
        if value.custom_values == h.custom_values:
            return running, h, False
        bounds = shared_bounds(value.custom_values, h.custom_values)
        _, term, _ = aligned(value, h)
        return _rebucketed(running, bounds), term, True
    if value.zero_threshold != h.zero_threshold:
        threshold = common_zero_threshold(value, h)
        running, h = _widened(running, threshold), widen_zero_bucket(h, threshold)
    schema = min(value.schema, h.schema)
    return _coarser(running, schema), reduce_schema(h, schema), False


def _rebucketed(running: Running, bounds: tuple[float, ...]) -> Running:
    value = running.value
    own = upper_bounds(value.positive.index, value.schema, value.custom_values)
    index = np.searchsorted(np.array(bounds), own, side="left").astype(np.int32)
    count, lost = _folded(index, value.positive, running.lost.positive)
    return Running(
        replace(value, custom_values=bounds, positive=count),
        replace(running.lost, custom_values=bounds, positive=lost),
    )


def _coarser(running: Running, schema: int) -> Running:
    value, lost = running.value, running.lost
    if value.schema == schema:
        return running
    positive = _folded(coarser_index(value.positive.index, value.schema, schema), value.positive, lost.positive)
    negative = _folded(coarser_index(value.negative.index, value.schema, schema), value.negative, lost.negative)
    return Running(
        replace(value, schema=schema, positive=positive[0], negative=negative[0]),
        replace(lost, schema=schema, positive=positive[1], negative=negative[1]),
    )


def _folded(index: NDArray[np.int32], value: Buckets, lost: Buckets) -> tuple[Buckets, Buckets]:
    """Both sides' counts moved to the buckets `index`, compensated where several meet."""
    distinct, at = np.unique(index, return_inverse=True)
    count, rest = [0.0] * len(distinct), [0.0] * len(distinct)
    for to, full, small in zip(at.tolist(), value.count.tolist(), lost.count.tolist(), strict=True):
        count[to], rest[to] = compensated(full, count[to], rest[to])
        count[to], rest[to] = compensated(small, count[to], rest[to])
    return Buckets(distinct, np.array(count)), Buckets(distinct, np.array(rest))


def _widened(running: Running, threshold: float) -> Running:
    value, lost = running.value, running.lost
    if threshold == value.zero_threshold:
        return running
    taken = swallowed(value, threshold)
    zero, rest = value.zero_count, lost.zero_count
    for mask, full, small in (
        (taken.positive, value.positive, lost.positive),
        (taken.negative, value.negative, lost.negative),
    ):
        for term in np.stack((full.count[mask], small.count[mask]), axis=1).ravel().tolist():
            zero, rest = compensated(term, zero, rest)

    def kept(h: Histogram, zero_count: float) -> Histogram:
        return replace(
            h,
            zero_threshold=taken.threshold,
            zero_count=zero_count,
            positive=Buckets(h.positive.index[~taken.positive], h.positive.count[~taken.positive]),
            negative=Buckets(h.negative.index[~taken.negative], h.negative.count[~taken.negative]),
        )

    return Running(kept(value, zero), kept(lost, rest))


class Hints:
    """Which counter-reset hints went into a sum; YES together with NO deserves a warning."""

    __slots__ = ("_no", "_yes")

    def __init__(self) -> None:
        self._yes = self._no = False

    def see(self, h: Histogram) -> None:
        """Take note of one term's hint."""
        self._yes = self._yes or h.reset is CounterReset.YES
        self._no = self._no or h.reset is CounterReset.NO

    @property
    def conflict(self) -> bool:
        """Say whether the hints contradict each other."""
        return self._yes and self._no


class HistogramSum:
    """The sum of the histograms handed to it."""

    __slots__ = ("_hints", "_running", "bounds_reconciled")

    def __init__(self, first: Histogram) -> None:
        self._running = Running.starting(first)
        self._hints = Hints()
        self._hints.see(first)
        self.bounds_reconciled = False

    def add(self, h: Histogram) -> None:
        """Add one more. Raises HistogramsIncompatible for a mix of exponential and custom buckets."""
        self._hints.see(h)
        self._running, reconciled = accumulate(self._running, h)
        self.bounds_reconciled = self.bounds_reconciled or reconciled

    @property
    def conflicting_resets(self) -> bool:
        """Say whether counter-reset hints of the terms contradict each other."""
        return self._hints.conflict

    def result(self) -> Histogram:
        """The sum so far."""
        return self._running.total()


class HistogramMean:
    """The mean of the histograms handed to it: their sum over their number, until the sum would overflow.

    From then on the mean itself is carried along (Prometheus' incremental mean).
    """

    __slots__ = ("_hints", "_incremental", "_n", "_running", "bounds_reconciled")

    def __init__(self, first: Histogram) -> None:
        self._running = Running.starting(first)
        self._hints = Hints()
        self._hints.see(first)
        self._n = 1
        self._incremental = False
        self.bounds_reconciled = False

    def add(self, h: Histogram) -> None:
        """Add one more. Raises HistogramsIncompatible for a mix of exponential and custom buckets."""
        self._hints.see(h)
        self._n += 1
        if not self._incremental:
            running, reconciled = accumulate(self._running, h)
            self.bounds_reconciled = self.bounds_reconciled or reconciled
            if not running.overflows:
                self._running = running
                return
            self._incremental = True
            self._running = self._running.divided(self._n - 1)
        carried = self._running.scaled((self._n - 1) / self._n)
        self._running, reconciled = accumulate(carried, divide(h, self._n))
        self.bounds_reconciled = self.bounds_reconciled or reconciled

    @property
    def conflicting_resets(self) -> bool:
        """Say whether counter-reset hints of the terms contradict each other."""
        return self._hints.conflict

    def result(self) -> Histogram:
        """The mean so far."""
        running = self._running if self._incremental else self._running.divided(self._n)
        return running.total()
