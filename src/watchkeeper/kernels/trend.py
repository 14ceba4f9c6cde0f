"""Trends of windows: linear regression and double exponential smoothing (conventions: `kernels.window`)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel
from watchkeeper.kernels.sums import add_compensated
from watchkeeper.kernels.window import advance


@kernel
def _regression(
    timestamps: NDArray[np.int64], values: NDArray[np.float64], lo: int, hi: int, origin: int
) -> tuple[float, float]:
    """The slope per second and the value at `origin` (ms) of the least-squares line, sums compensated."""
    constant = True
    x_sum = x_c = y_sum = y_c = xy_sum = xy_c = xx_sum = xx_c = 0.0
    for k in range(lo, hi):
        if values[k] != values[lo]:
            constant = False
        x = (timestamps[k] - origin) / 1000.0
        x_sum, x_c = add_compensated(x, x_sum, x_c)
        y_sum, y_c = add_compensated(values[k], y_sum, y_c)
        xy_sum, xy_c = add_compensated(x * values[k], xy_sum, xy_c)
        xx_sum, xx_c = add_compensated(x * x, xx_sum, xx_c)
    if constant:
        if math.isinf(values[lo]):
            return np.nan, np.nan
        return 0.0, values[lo]
    n = float(hi - lo)
    x_sum += x_c
    y_sum += y_c
    xy_sum += xy_c
    xx_sum += xx_c
    slope = (xy_sum - x_sum * y_sum / n) / (xx_sum - x_sum * x_sum / n)
    return slope, y_sum / n - slope * x_sum / n


@kernel
def regression_windows(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    range_ms: int,
    instants: NDArray[np.int64],
    ahead: NDArray[np.float64],
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """The line through each window of two samples or more: its slope, or its value `ahead[j]` s after `instants[j]`.

    An empty `ahead` asks for the slope.
    """
    for i in range(first, last):
        lo = hi = offsets[i]
        stop = offsets[i + 1]
        for j in range(ends.size):
            lo = advance(timestamps, lo, stop, ends[j] - range_ms)
            hi = advance(timestamps, max(lo, hi), stop, ends[j])
            out[i, j] = np.nan
            present[i, j] = hi - lo >= 2
            if not present[i, j]:
                continue
            if ahead.size == 0:
                out[i, j] = _regression(timestamps, values, lo, hi, timestamps[lo])[0]
            else:
                slope, intercept = _regression(timestamps, values, lo, hi, instants[j])
                out[i, j] = slope * ahead[j] + intercept


@kernel
def smooth_windows(
    offsets: NDArray[np.int64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    ends: NDArray[np.int64],
    range_ms: int,
    smoothing: NDArray[np.float64],
    trend: NDArray[np.float64],
    first: int,
    last: int,
    out: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> None:
    """Double exponential smoothing of each window of two samples or more, with factors for each step."""
    for i in range(first, last):
        lo = hi = offsets[i]
        stop = offsets[i + 1]
        for j in range(ends.size):
            lo = advance(timestamps, lo, stop, ends[j] - range_ms)
            hi = advance(timestamps, max(lo, hi), stop, ends[j])
            out[i, j] = np.nan
            present[i, j] = hi - lo >= 2
            if not present[i, j]:
                continue
            before, level = 0.0, values[lo]
            slope = values[lo + 1] - values[lo]
            for k in range(lo + 1, hi):
                if k > lo + 1:
                    slope = trend[j] * (level - before) + (1 - trend[j]) * slope
                before, level = level, smoothing[j] * values[k] + (1 - smoothing[j]) * (level + slope)
            out[i, j] = level
