"""The answer to `m[5m]` at an instant: the samples themselves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.model.samples import SeriesBlock
from watchkeeper.query.promql.ast import RangeModifier
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.failure import EvaluationFailure
from watchkeeper.query.promql.windows import Samples, Windows


def raw_ranges(context: Context, windows: Windows) -> SeriesBlock:
    """The samples of the only step's windows; series without any are left out."""
    end = int(windows.ends[0])
    begin = end - windows.range_ms
    if windows.modifier is not None:
        windows = _extended(windows, begin, end)
        begin -= 1
    rows, times, values, held, histograms = _inside(windows, begin, end)
    order = np.lexsort((times, rows))
    rows = rows[order]
    some, counts = np.unique(rows, return_counts=True)
    offsets = np.zeros(some.size + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return SeriesBlock(
        context.symbols.settled(_named(windows, some)),
        offsets,
        times[order],
        values[order],
        None,
        held[order] if histograms else None,
        histograms,
    )


def _named(windows: Windows, rows: NDArray[np.int64]) -> LabelFrame:
    """The labels of those series, without the names that a subquery's expression has dropped."""
    frame, nameless = windows.frame.take(rows), windows.nameless[rows]
    if METRIC_NAME not in frame.names or not nameless.any():
        return frame
    codes = frame.codes.copy()
    codes[nameless, frame.names.index(METRIC_NAME)] = 0
    return LabelFrame(frame.symbols, frame.names, codes)


def _inside(
    windows: Windows, begin: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int32], Sequence[Histogram]]:
    """Row, time, value and position among the histograms (−1: a float) of every sample in (begin, end]."""
    floats = windows.floats
    at = np.flatnonzero((floats.timestamps > begin) & (floats.timestamps <= end))
    rows = _rows(floats.offsets)[at]
    times, values = floats.timestamps[at], floats.values[at]
    held = np.full(at.size, -1, dtype=np.int32)
    if windows.histograms is None:
        return rows, times, values, held, ()
    native = windows.histograms
    at = np.flatnonzero((native.timestamps > begin) & (native.timestamps <= end))
    return (
        np.concatenate((rows, _rows(native.offsets)[at])),
        np.concatenate((times, native.timestamps[at])),
        np.concatenate((values, np.full(at.size, np.nan))),
        np.concatenate((held, at.astype(np.int32))),
        native.histograms,
    )


def _rows(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each sample's series."""
    return np.repeat(np.arange(offsets.size - 1, dtype=np.int64), np.diff(offsets))


def _extended(windows: Windows, begin: int, end: int) -> Windows:
    """The windows of an `anchored` or `smoothed` range, which have a sample at either edge (PROM-52)."""
    if windows.histograms is not None:
        raise EvaluationFailure(f"{windows.modifier} modifier is not supported with histograms")
    floats, smoothed = windows.floats, windows.modifier is RangeModifier.SMOOTHED
    until = end + windows.lookback_ms if smoothed else end
    times: list[int] = []
    values: list[float] = []
    offsets = [0]
    for row in range(len(windows.frame)):
        at = slice(int(floats.offsets[row]), int(floats.offsets[row + 1]))
        own = floats.timestamps[at].tolist()
        low = bisect_right(own, begin - windows.lookback_ms)
        high = bisect_right(own, until)
        edged = edged_samples(own[low:high], floats.values[at].tolist()[low:high], begin, end, smoothed=smoothed)
        times.extend(t for t, _ in edged)
        values.extend(v for _, v in edged)
        offsets.append(len(times))
    samples = Samples(
        np.array(offsets, dtype=np.int64), np.array(times, dtype=np.int64), np.array(values), floats.starts[:0]
    )
    return Windows(windows.frame, windows.nameless, samples, None, windows.instants, windows.ends, windows.range_ms, 0)


def edged_samples(
    times: list[int], values: list[float], begin: int, end: int, *, smoothed: bool
) -> list[tuple[int, float]]:
    """Samples strictly inside (begin, end) between one at each edge; none where all lie at or before `begin`."""
    if not times:
        return []
    last = len(times) - 1
    first = max(0, min(bisect_right(times, begin), last) - 1)
    if smoothed:
        last = min(bisect_left(times, end), last)
    if times[last] <= begin:
        return []
    left, right = values[first], values[last]
    if smoothed and times[first] < begin:
        left = _between(times, values, first, begin)
    if smoothed and last > 0 and times[last] > end:
        right = _between(times, values, last - 1, end)
    inner = [(t, v) for t, v in zip(times, values, strict=True) if begin < t < end]
    return [(begin, left), *inner, (end, right)]


def _between(times: list[int], values: list[float], at: int, instant: int) -> float:
    share = (instant - times[at]) / (times[at + 1] - times[at])
    return values[at] + (values[at + 1] - values[at]) * share
