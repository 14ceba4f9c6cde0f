"""Two reads of the same series put together: floats and histograms, or the engine's samples and the newest ones."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels import merge as kernels
from watchkeeper.store.fetched import Fetched

_I = TypeVar("_I", bound=np.integer)


def merged(base: Fetched, more: Fetched, at: NDArray[np.intp]) -> Fetched:
    """`base` with the samples of `more`, whose series are base's at `at` (rising); of one time `more`'s stays."""
    room = int((base.ends - base.begins).sum() + (more.ends - more.begins).sum())
    begins, ends = np.empty(base.ids.size, dtype=np.int64), np.empty(base.ids.size, dtype=np.int64)
    times, rows = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    used = kernels.merge(
        base.begins, base.ends, base.timestamps, at.astype(np.int64), more.begins, more.ends, more.timestamps,
        begins, ends, times, rows,
    )  # fmt: skip
    rows = rows[:used]
    values = np.empty(used, dtype=np.float64)
    kernels.pick(rows, base.values, more.values, values)
    sizes = (base.timestamps.size, more.timestamps.size)
    return Fetched(
        base.ids,
        begins,
        ends,
        times[:used],
        values,
        _both(base.starts, more.starts, sizes, rows, 0),
        _both(base.histogram_at, _shifted(more.histogram_at, len(base.histograms)), sizes, rows, -1),
        [*base.histograms, *more.histograms],
    )


def _shifted(histogram_at: NDArray[np.int32] | None, by: int) -> NDArray[np.int32] | None:
    if histogram_at is None or not by:
        return histogram_at
    return np.where(histogram_at < 0, histogram_at, histogram_at + by).astype(np.int32)


def _both(
    a: NDArray[_I] | None, b: NDArray[_I] | None, sizes: tuple[int, int], rows: NDArray[np.int64], missing: int
) -> NDArray[_I] | None:
    """An optional column of two parts, filled with `missing` where one part lacks it."""
    known = b if a is None else a
    if known is None:
        return None
    left = np.full(sizes[0], missing, dtype=known.dtype) if a is None else a
    right = np.full(sizes[1], missing, dtype=known.dtype) if b is None else b
    return np.concatenate((left, right))[rows]
