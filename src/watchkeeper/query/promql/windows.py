"""A range vector before its function: float and histogram samples, and where each step's window ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.window import has_stale, kept_offsets
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import CounterReset, Histogram, with_reset
from watchkeeper.model.samples import STALE_BITS, SeriesBlock
from watchkeeper.query.promql.ast import RangeModifier

NO_STARTS: NDArray[np.int64] = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Samples:
    """CSR float samples without staleness markers; `starts` are start timestamps or empty."""

    offsets: NDArray[np.int64]
    timestamps: NDArray[np.int64]
    values: NDArray[np.float64]
    starts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HistogramSamples:
    """CSR histogram samples without staleness markers; `histograms[k]` is sample k; `starts` as in `Samples`."""

    offsets: NDArray[np.int64]
    timestamps: NDArray[np.int64]
    histograms: Sequence[Histogram]
    starts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Windows:
    """n series whose windows (ends[j] − range_ms, ends[j]] belong to the steps `instants[j]`.

    `nameless` bool (n,): the series has lost its name already. `lookback_ms` is how far an `anchored` or `smoothed`
    modifier looks beyond the edges.
    """

    frame: LabelFrame
    nameless: NDArray[np.bool_]
    floats: Samples
    histograms: HistogramSamples | None
    instants: NDArray[np.int64]
    ends: NDArray[np.int64]
    range_ms: int
    lookback_ms: int
    modifier: RangeModifier | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Series by steps."""
        return len(self.frame), self.ends.size

    @property
    def range_s(self) -> float:
        """The windows' length in seconds."""
        return self.range_ms / 1000


def split(block: SeriesBlock, use_starts: bool) -> tuple[Samples, HistogramSamples | None]:
    """A block's floats and histograms, apart and without staleness markers."""
    starts = block.starts if use_starts and block.starts is not None else NO_STARTS
    at = block.histogram_at
    if at is None or at.size == 0 or not np.any(at >= 0):
        floats = Samples(block.offsets, block.timestamps, block.values, starts)
        if has_stale(block.values):
            floats = _kept(floats, block.values.view(np.uint64) != STALE_BITS)
        return floats, None
    is_float = at < 0
    live_float = is_float & (block.values.view(np.uint64) != STALE_BITS)
    everything = Samples(block.offsets, block.timestamps, block.values, starts)
    live_histogram = ~is_float
    live_histogram[live_histogram] = [not is_stale(block.histograms[k]) for k in at[live_histogram].tolist()]
    chosen = _kept(everything, live_histogram)
    histograms = [block.histograms[k] for k in at[live_histogram].tolist()]
    return _kept(everything, live_float), HistogramSamples(chosen.offsets, chosen.timestamps, histograms, chosen.starts)


def is_stale(h: Histogram) -> bool:
    """Say whether a histogram is a staleness marker: its sum carries the marker's bits."""
    return h.sum != h.sum and np.float64(h.sum).view(np.uint64) == STALE_BITS


def _kept(samples: Samples, keep: NDArray[np.bool_]) -> Samples:
    return Samples(
        kept_offsets(samples.offsets, keep),
        samples.timestamps[keep],
        samples.values[keep],
        samples.starts[keep] if samples.starts.size else samples.starts,
    )


def without_resets(block: SeriesBlock) -> HistogramSamples:
    """A subquery's histograms, their hints about counter resets forgotten: the samples in between are not known."""
    forgotten = [
        with_reset(h, CounterReset.UNKNOWN) if h.reset in (CounterReset.YES, CounterReset.NO) else h
        for h in block.histograms
    ]
    return HistogramSamples(block.offsets, block.timestamps, forgotten, NO_STARTS)
