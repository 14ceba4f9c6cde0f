"""Many histograms as flat columns, the way a table holds them, without a step per bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xxhash
from numpy.typing import NDArray

from watchkeeper.model.histogram.values import NO_BUCKETS, Buckets, CounterReset, Histogram

_RESETS = tuple(CounterReset)


@dataclass(frozen=True, slots=True)
class HistogramColumns:
    """n histograms: scalars of shape (n,), arrays as flat values with offsets.

    Row i owns the values offsets[i]:offsets[i+1] (int64, shape (n+1,), starting with 0) of its positive buckets, its
    negative buckets and its custom bounds.
    """

    schema: NDArray[np.int8]
    count: NDArray[np.float64]
    sum: NDArray[np.float64]
    zero_threshold: NDArray[np.float64]
    zero_count: NDArray[np.float64]
    reset: NDArray[np.uint8]
    positive_offsets: NDArray[np.int64]
    positive_index: NDArray[np.int32]
    positive_count: NDArray[np.float64]
    negative_offsets: NDArray[np.int64]
    negative_index: NDArray[np.int32]
    negative_count: NDArray[np.float64]
    custom_offsets: NDArray[np.int64]
    custom_values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.schema)


def pack(histograms: Sequence[Histogram]) -> HistogramColumns:
    """The columns of `histograms`, in their order."""
    positive, negative = [h.positive for h in histograms], [h.negative for h in histograms]
    custom = [np.array(h.custom_values, dtype=np.float64) for h in histograms]
    scalars = np.array(
        [(h.count, h.sum, h.zero_threshold, h.zero_count) for h in histograms], dtype=np.float64
    ).reshape(len(histograms), 4)
    return HistogramColumns(
        schema=np.array([h.schema for h in histograms], dtype=np.int8),
        count=scalars[:, 0].copy(),
        sum=scalars[:, 1].copy(),
        zero_threshold=scalars[:, 2].copy(),
        zero_count=scalars[:, 3].copy(),
        reset=np.array([h.reset for h in histograms], dtype=np.uint8),
        positive_offsets=_offsets([len(b) for b in positive]),
        positive_index=_indexes([b.index for b in positive]),
        positive_count=_values([b.count for b in positive]),
        negative_offsets=_offsets([len(b) for b in negative]),
        negative_index=_indexes([b.index for b in negative]),
        negative_count=_values([b.count for b in negative]),
        custom_offsets=_offsets([len(c) for c in custom]),
        custom_values=_values(custom),
    )


def _offsets(lengths: list[int]) -> NDArray[np.int64]:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _indexes(arrays: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate(arrays).astype(np.int32, copy=False) if arrays else np.zeros(0, dtype=np.int32)


def _values(arrays: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(arrays).astype(np.float64, copy=False) if arrays else np.zeros(0)


def unpack(columns: HistogramColumns) -> list[Histogram]:
    """The histograms of `columns`; their bucket arrays are views into the columns' flat arrays."""
    positive = _sliced(columns.positive_offsets, columns.positive_index, columns.positive_count)
    negative = _sliced(columns.negative_offsets, columns.negative_index, columns.negative_count)
    bounds = _bounds(columns)
    rows = zip(
        columns.schema.tolist(),
        columns.count.tolist(),
        columns.sum.tolist(),
        columns.zero_threshold.tolist(),
        columns.zero_count.tolist(),
        positive,
        negative,
        bounds,
        [_RESETS[code] for code in columns.reset.tolist()],
        strict=True,
    )
    return [Histogram(*row) for row in rows]


def _sliced(offsets: NDArray[np.int64], index: NDArray[np.int32], count: NDArray[np.float64]) -> list[Buckets]:
    ends = offsets.tolist()
    return [Buckets(index[a:b], count[a:b]) if b > a else NO_BUCKETS for a, b in pairwise(ends)]


def _bounds(columns: HistogramColumns) -> list[tuple[float, ...]]:
    """Each row's custom bounds; rows with the same bounds share one tuple, as most rows of a series do."""
    ends = columns.custom_offsets.tolist()
    known: dict[bytes, tuple[float, ...]] = {}
    bounds: list[tuple[float, ...]] = []
    for a, b in pairwise(ends):
        if a == b:
            bounds.append(())
            continue
        values = columns.custom_values[a:b]
        key = values.tobytes()
        if key not in known:
            known[key] = tuple(values.tolist())
        bounds.append(known[key])
    return bounds


def digest(h: Histogram) -> int:
    """64 bits that two histograms share if, and in practice only if, they hold the same data."""
    state = xxhash.xxh3_64()
    scalars = (h.schema, h.count, h.sum, h.zero_threshold, h.zero_count, len(h.positive), len(h.negative))
    state.update(np.array(scalars, dtype=np.float64).tobytes())
    for array in (h.positive.index, h.positive.count, h.negative.index, h.negative.count):
        state.update(np.ascontiguousarray(array).tobytes())
    state.update(np.array(h.custom_values, dtype=np.float64).tobytes())
    return state.intdigest()
