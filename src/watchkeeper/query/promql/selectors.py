"""Selectors: from a block of samples to instant vectors and to windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.window import select_index, select_instant, window_totals
from watchkeeper.model.samples import SeriesBlock
from watchkeeper.query.promql.ast import MatrixSelector
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.value import Vector, cells, no_histograms
from watchkeeper.query.promql.windows import NO_STARTS, Samples, Windows, is_stale, split


def select(context: Context, block: SeriesBlock, ends: NDArray[np.int64]) -> Vector:
    """The newest sample of each series at each of the instants `ends`, if it is not older than the lookback."""
    n, s = len(block.frame), ends.size
    context.make_room(n, s)
    frame = context.symbols.adopted(block.frame)
    nameless = np.zeros(n, dtype=np.bool_)
    if block.histogram_at is not None and block.histogram_at.size and np.any(block.histogram_at >= 0):
        index = chosen(context, block, ends)
        values, present = _floats_at(block, index)
        return Vector(frame, values, present, nameless, _histograms_at(block, index))
    values = np.empty((n, s), dtype=np.float64)
    present = np.empty((n, s), dtype=np.bool_)
    lookback = context.lookback_ms
    context.rows(
        n,
        s,
        lambda first, last: select_instant(
            block.offsets, block.timestamps, block.values, ends, lookback, first, last, values, present
        ),
    )
    return Vector(frame, values, present, nameless)


def chosen(context: Context, block: SeriesBlock, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """The index of each cell's sample in the block, −1 for none or a staleness marker; shape (n, s)."""
    n, s = len(block.frame), ends.size
    context.make_room(n, s)
    index = np.empty((n, s), dtype=np.int64)
    lookback = context.lookback_ms
    context.rows(
        n,
        s,
        lambda first, last: select_index(block.offsets, block.timestamps, ends, lookback, first, last, index),
    )
    found = index >= 0
    at = index[found]
    index[found] = np.where(_stale(block, at), -1, at)
    return index


def _stale(block: SeriesBlock, at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each sample whether it is a staleness marker."""
    stale = block.values[at].view(np.uint64) == np.uint64(0x7FF0000000000002)
    if block.histogram_at is None or not block.histogram_at.size:
        return stale
    held = block.histogram_at[at]
    ended = np.fromiter((is_stale(h) for h in block.histograms), dtype=np.bool_, count=len(block.histograms))
    stale &= held < 0
    stale[held >= 0] = ended[held[held >= 0]]
    return stale


def _floats_at(block: SeriesBlock, index: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    assert block.histogram_at is not None
    found = index >= 0
    at = np.where(found, index, 0)
    present = found & (block.histogram_at[at] < 0)
    return np.where(present, block.values[at], np.nan), present


def _histograms_at(block: SeriesBlock, index: NDArray[np.int64]) -> NDArray[np.object_]:
    assert block.histogram_at is not None
    out = no_histograms(*index.shape)
    held = np.where(index >= 0, block.histogram_at[np.where(index >= 0, index, 0)], -1)
    for i, j in np.argwhere(held >= 0).tolist():
        out[i, j] = block.histograms[held[i, j]]
    return out


def windows(
    context: Context,
    block: SeriesBlock,
    instants: NDArray[np.int64],
    ends: NDArray[np.int64],
    matrix: MatrixSelector,
) -> Windows:
    """The windows of a range selector for the steps `instants`."""
    assert isinstance(matrix.range, int)
    floats, histograms = split(block, context.options.use_start_timestamps)
    frame = context.symbols.adopted(block.frame)
    nameless = np.zeros(len(frame), dtype=np.bool_)
    modifier = matrix.selector.modifier
    return Windows(frame, nameless, floats, histograms, instants, ends, matrix.range, context.lookback_ms, modifier)


def count_windows(context: Context, found: Windows) -> None:
    """Add the samples that each step's windows hold to the query's statistics, where those are wanted."""
    if context.per_step is None:
        return
    totals = np.zeros(found.ends.size, dtype=np.int64)
    begins = found.ends - found.range_ms
    window_totals(found.floats.offsets, found.floats.timestamps, begins, found.ends, totals)
    if found.histograms is not None:
        window_totals(found.histograms.offsets, found.histograms.timestamps, begins, found.ends, totals)
    context.count(totals)


def as_samples(vector: Vector, times: NDArray[np.int64]) -> tuple[Samples, SeriesBlock | None]:
    """A subquery's vector as CSR samples at `times`; the block holds its histograms, if it has some."""
    rows, at = np.nonzero(vector.present)
    offsets = np.zeros(len(vector.frame) + 1, dtype=np.int64)
    np.cumsum(np.count_nonzero(vector.present, axis=1), out=offsets[1:])
    floats = Samples(offsets, times[at], vector.values[rows, at], NO_STARTS)
    return floats, _histogram_block(vector, times)


def _histogram_block(vector: Vector, times: NDArray[np.int64]) -> SeriesBlock | None:
    found = cells(vector.histograms)
    if not found:
        return None
    counts = np.bincount([i for i, _, _ in found], minlength=len(vector.frame))
    offsets = np.zeros(len(vector.frame) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    at = times[np.array([j for _, j, _ in found], dtype=np.int64)]
    held = [h for _, _, h in found]
    return SeriesBlock(vector.frame, offsets, at, np.zeros(len(held)), None, None, held)
