"""A function over a range vector: the float kernel, the histograms beside it, and what is to be remarked."""

from __future__ import annotations

import numpy as np

from watchkeeper.base.quoting import quote
from watchkeeper.kernels.rate import overlapping_starts
from watchkeeper.model.histogram.digits import general
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql.ast import Call, RangeModifier
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.failure import EvaluationFailure
from watchkeeper.query.promql.frames import metric_names
from watchkeeper.query.promql.histograms import Note, remark
from watchkeeper.query.promql.merge import renamed
from watchkeeper.query.promql.mixed_windows import with_histograms
from watchkeeper.query.promql.range_functions import RANGE_FUNCTIONS, Parameters, remarked_at
from watchkeeper.query.promql.value import Vector
from watchkeeper.query.promql.windows import Windows

_KEEPS_NAME = frozenset({"first_over_time", "last_over_time"})
_COUNTER = frozenset({"rate", "increase"})
_SAFE = {
    RangeModifier.ANCHORED: ("changes", "delta", "increase", "rate", "resets"),
    RangeModifier.SMOOTHED: ("delta", "increase", "rate"),
}
_COUNTER_SUFFIXES = ("_total", "_sum", "_count", "_bucket")


def over_range(context: Context, expr: Call, windows: Windows, parameters: Parameters) -> Vector:
    """The function's value of each window. Raises EvaluationFailure where it does not know the range's modifier."""
    name = expr.function.name
    if windows.modifier is not None and name not in _SAFE[windows.modifier]:
        known = ", ".join(_SAFE[windows.modifier])
        raise EvaluationFailure(f"{windows.modifier.value} modifier can only be used with: {known} - not with {name}")
    values, present = RANGE_FUNCTIONS[name](context, windows, parameters)
    vector = Vector(windows.frame, values, present, windows.nameless)
    if name == "quantile_over_time":
        _judge_quantiles(context, expr, vector, parameters)
    if windows.histograms is not None:
        vector = with_histograms(context, expr, windows, vector)
    if name in _COUNTER:
        _judge_counters(context, expr, windows, vector)
    context.hold(vector.values.size)
    if name in _KEEPS_NAME:
        return vector
    return renamed(vector, delayed=context.options.delayed_name_removal)


def _judge_quantiles(context: Context, expr: Call, vector: Vector, parameters: Parameters) -> None:
    quantiles = parameters[0]
    wrong = ~((quantiles >= 0) & (quantiles <= 1))
    if not wrong.any():
        return
    for q in np.unique(quantiles[wrong & vector.present.any(axis=0)]).tolist():
        text = f"quantile value should be between 0 and 1, got {general(q)}"
        context.annotations.warn(text, expr.args[0])


def _judge_counters(context: Context, expr: Call, windows: Windows, vector: Vector) -> None:
    """Remark on metrics that do not look like counters, and on start timestamps that contradict their samples."""
    at = remarked_at(expr)
    codes = np.unique(windows.frame.column(METRIC_NAME))
    suspects = codes[[_is_suspect(context, int(code)) for code in codes]] if codes.size else codes
    if suspects.size:
        rows = np.flatnonzero(np.isin(windows.frame.column(METRIC_NAME), suspects) & vector.present.any(axis=1))
        _remark_non_counters(context, expr, windows, rows)
    floats = windows.floats
    if floats.starts.size and windows.modifier is None:
        overlaps = np.zeros(len(windows.frame), dtype=np.bool_)
        overlapping_starts(floats.offsets, floats.timestamps, floats.starts, windows.ends, windows.range_ms, overlaps)
        for metric in metric_names(context.symbols, windows.frame, np.flatnonzero(overlaps)):
            remark((Note.START_OVERLAPS,), metric, context.annotations, at)


def _is_suspect(context: Context, code: int) -> bool:
    if code == 0:
        return False
    return context.options.type_and_unit_labels or not context.symbols[code].endswith(_COUNTER_SUFFIXES)


def _remark_non_counters(context: Context, expr: Call, windows: Windows, rows: np.ndarray) -> None:
    if not context.options.type_and_unit_labels:
        for metric in metric_names(context.symbols, windows.frame, rows):
            context.annotations.inform(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " + quote(metric),
                remarked_at(expr),
            )
        return
    pairs = np.stack((windows.frame.column(METRIC_NAME)[rows], windows.frame.column("__type__")[rows]), axis=1)
    for name, kind in np.unique(pairs, axis=0).tolist():
        if context.symbols[kind] not in ("counter", "histogram"):
            context.annotations.inform(
                'metric might not be a counter, __type__ label is not set to "counter" or "histogram", '
                f"got {quote(context.symbols[kind])}: {quote(context.symbols[name])}",
                remarked_at(expr),
            )
