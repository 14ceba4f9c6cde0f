"""Functions over range vectors, where the samples are floats: one kernel call each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.over_time import Reduction, extreme_windows, quantile_windows, reduce_anchored, reduce_windows
from watchkeeper.kernels.rate import extended_rate, extrapolated_rate, instant_rate
from watchkeeper.kernels.trend import regression_windows, smooth_windows
from watchkeeper.query.promql.annotations import Placed
from watchkeeper.query.promql.ast import Call, RangeModifier, Subquery
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.failure import EvaluationFailure
from watchkeeper.query.promql.plan import unwrapped
from watchkeeper.query.promql.windows import Windows

Cells: TypeAlias = tuple[NDArray[np.float64], NDArray[np.bool_]]
Parameters: TypeAlias = Sequence[NDArray[np.float64]]
RangeFunction: TypeAlias = Callable[[Context, Windows, Parameters], Cells]


@dataclass(frozen=True, slots=True)
class _Start:
    """The beginning of the query."""

    start: int = 0


def remarked_at(expr: Call) -> Placed:
    """Where remarks about a function's samples stand: at its first argument; for a subquery Prometheus names 1:1."""
    return _Start() if isinstance(unwrapped(expr.args[0]), Subquery) else expr.args[0]


def _cells(
    context: Context, windows: Windows, kernel: Callable[[int, int, NDArray[np.float64], NDArray[np.bool_]], None]
) -> Cells:
    """Values and presence (n, s) as `kernel(first row, last row, values, present)` fills them."""
    n, s = windows.shape
    context.make_room(n, s)
    values = np.empty((n, s), dtype=np.float64)
    present = np.empty((n, s), dtype=np.bool_)
    context.rows(n, s, lambda first, last: kernel(first, last, values, present))
    return values, present


def _rate(*, is_counter: bool, is_rate: bool) -> RangeFunction:
    def apply(context: Context, windows: Windows, _: Parameters) -> Cells:
        f = windows.floats
        if windows.modifier is not None:
            smoothed = windows.modifier is RangeModifier.SMOOTHED
            return _cells(
                context,
                windows,
                lambda first, last, values, present: extended_rate(
                    f.offsets, f.timestamps, f.values, windows.ends, windows.range_ms, windows.lookback_ms,
                    smoothed, is_counter, is_rate, first, last, values, present,
                ),
            )  # fmt: skip
        return _cells(
            context,
            windows,
            lambda first, last, values, present: extrapolated_rate(
                f.offsets, f.timestamps, f.values, f.starts, windows.ends, windows.range_ms,
                is_counter, is_rate, first, last, values, present,
            ),
        )  # fmt: skip

    return apply


def _instant_rate(*, is_rate: bool) -> RangeFunction:
    def apply(context: Context, windows: Windows, _: Parameters) -> Cells:
        f = windows.floats
        return _cells(
            context,
            windows,
            lambda first, last, values, present: instant_rate(
                f.offsets, f.timestamps, f.values, f.starts, windows.ends, windows.range_ms,
                is_rate, first, last, values, present,
            ),
        )  # fmt: skip

    return apply


def _reduce(how: Reduction) -> RangeFunction:
    def apply(context: Context, windows: Windows, _: Parameters) -> Cells:
        f = windows.floats
        if windows.modifier is RangeModifier.ANCHORED:
            return _cells(
                context,
                windows,
                lambda first, last, values, present: reduce_anchored(
                    how.value, f.offsets, f.timestamps, f.values, f.starts, windows.ends, windows.range_ms,
                    windows.lookback_ms, first, last, values, present,
                ),
            )  # fmt: skip
        return _cells(
            context,
            windows,
            lambda first, last, values, present: reduce_windows(
                how.value, f.offsets, f.timestamps, f.values, f.starts, windows.ends, windows.range_ms,
                first, last, values, present,
            ),
        )  # fmt: skip

    return apply


def _extreme(sign: float) -> RangeFunction:
    def apply(context: Context, windows: Windows, _: Parameters) -> Cells:
        f = windows.floats
        return _cells(
            context,
            windows,
            lambda first, last, values, present: extreme_windows(
                f.offsets, f.timestamps, f.values, windows.ends, windows.range_ms, sign, first, last, values, present
            ),
        )

    return apply


def _quantile(context: Context, windows: Windows, parameters: Parameters) -> Cells:
    f = windows.floats
    return _cells(
        context,
        windows,
        lambda first, last, values, present: quantile_windows(
            f.offsets, f.timestamps, f.values, windows.ends, windows.range_ms, parameters[0],
            first, last, values, present,
        ),
    )  # fmt: skip


def _regression(context: Context, windows: Windows, ahead: NDArray[np.float64]) -> Cells:
    f = windows.floats
    return _cells(
        context,
        windows,
        lambda first, last, values, present: regression_windows(
            f.offsets, f.timestamps, f.values, windows.ends, windows.range_ms, windows.instants, ahead,
            first, last, values, present,
        ),
    )  # fmt: skip


def _deriv(context: Context, windows: Windows, _: Parameters) -> Cells:
    return _regression(context, windows, np.zeros(0, dtype=np.float64))


def _predict_linear(context: Context, windows: Windows, parameters: Parameters) -> Cells:
    return _regression(context, windows, parameters[0])


def _double_exponential_smoothing(context: Context, windows: Windows, parameters: Parameters) -> Cells:
    f = windows.floats
    for name, factors in zip(("smoothing", "trend"), parameters, strict=True):
        wrong = factors[~((factors > 0) & (factors < 1))]
        if wrong.size and len(windows.frame):
            raise EvaluationFailure(f"invalid {name} factor. Expected: 0 < {name[0]}f < 1, got: {wrong[0]:f}")
    return _cells(
        context,
        windows,
        lambda first, last, values, present: smooth_windows(
            f.offsets, f.timestamps, f.values, windows.ends, windows.range_ms, parameters[0], parameters[1],
            first, last, values, present,
        ),
    )  # fmt: skip


RANGE_FUNCTIONS: dict[str, RangeFunction] = {
    "rate": _rate(is_counter=True, is_rate=True),
    "increase": _rate(is_counter=True, is_rate=False),
    "delta": _rate(is_counter=False, is_rate=False),
    "irate": _instant_rate(is_rate=True),
    "idelta": _instant_rate(is_rate=False),
    "sum_over_time": _reduce(Reduction.SUM),
    "avg_over_time": _reduce(Reduction.AVG),
    "min_over_time": _extreme(-1.0),
    "max_over_time": _extreme(1.0),
    "count_over_time": _reduce(Reduction.COUNT),
    "stdvar_over_time": _reduce(Reduction.STDVAR),
    "stddev_over_time": _reduce(Reduction.STDDEV),
    "first_over_time": _reduce(Reduction.FIRST),
    "last_over_time": _reduce(Reduction.LAST),
    "ts_of_first_over_time": _reduce(Reduction.TS_OF_FIRST),
    "ts_of_last_over_time": _reduce(Reduction.TS_OF_LAST),
    "ts_of_min_over_time": _reduce(Reduction.TS_OF_MIN),
    "ts_of_max_over_time": _reduce(Reduction.TS_OF_MAX),
    "present_over_time": _reduce(Reduction.PRESENT),
    "absent_over_time": _reduce(Reduction.PRESENT),
    "mad_over_time": _reduce(Reduction.MAD),
    "changes": _reduce(Reduction.CHANGES),
    "resets": _reduce(Reduction.RESETS),
    "quantile_over_time": _quantile,
    "deriv": _deriv,
    "predict_linear": _predict_linear,
    "double_exponential_smoothing": _double_exponential_smoothing,
}
