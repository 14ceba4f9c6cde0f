"""absent and absent_over_time: a series where there is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.window import window_totals
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.model.matcher import MatchOp
from watchkeeper.query.promql.ast import Call, Expr, MatrixSelector, VectorSelector
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.plan import unwrapped
from watchkeeper.query.promql.value import Vector
from watchkeeper.query.promql.windows import Windows


def absent(context: Context, expr: Call, vector: Vector) -> Vector:
    """1 at each step at which `vector` is empty, with the labels that its selector asks for."""
    return _ones(context, unwrapped(expr.args[0]), np.logical_not(vector.occupied().any(axis=0)))


def absent_over_time(context: Context, expr: Call, windows: Windows) -> Vector:
    """1 at each step at which all windows are empty."""
    totals = np.zeros(windows.ends.size, dtype=np.int64)
    begins = windows.ends - windows.range_ms
    window_totals(windows.floats.offsets, windows.floats.timestamps, begins, windows.ends, totals)
    if windows.histograms is not None:
        window_totals(windows.histograms.offsets, windows.histograms.timestamps, begins, windows.ends, totals)
    return _ones(context, unwrapped(expr.args[0]), totals == 0)


def _ones(context: Context, expr: Expr, where: NDArray[np.bool_]) -> Vector:
    labels = _asked_for(expr)
    codes = context.symbols.intern_all(labels.values()).reshape(1, -1)
    frame = LabelFrame(context.symbols, tuple(labels), codes)
    return Vector(frame, np.ones((1, where.size)), where.reshape(1, -1), np.zeros(1, dtype=np.bool_))


def _asked_for(expr: Expr) -> dict[str, str]:
    """The labels that a bare selector pins to one value; one that it names twice is pinned to none."""
    if isinstance(expr, MatrixSelector):
        expr = expr.selector
    if not isinstance(expr, VectorSelector):
        return {}
    labels: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in expr.matchers:
        if matcher.name == METRIC_NAME:
            continue
        if matcher.op is MatchOp.EQUAL and matcher.name not in seen:
            labels[matcher.name] = matcher.value
            seen.add(matcher.name)
        else:
            labels.pop(matcher.name, None)
    return {name: value for name, value in labels.items() if value}
