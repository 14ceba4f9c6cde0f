"""Function calls: which part of the room answers which function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.samples import SeriesBlock
from watchkeeper.query.promql.absent import absent, absent_over_time
from watchkeeper.query.promql.ast import Call, StringLiteral
from watchkeeper.query.promql.classic_histograms import histogram_fraction, histogram_quantile, histogram_quantiles
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.date_functions import DATE_FUNCTIONS, whole_seconds
from watchkeeper.query.promql.float_functions import FLOAT_FUNCTIONS, clamped, rounded
from watchkeeper.query.promql.histogram_functions import HISTOGRAM_FUNCTIONS, read_histograms
from watchkeeper.query.promql.info import info
from watchkeeper.query.promql.label_functions import label_join, label_replace
from watchkeeper.query.promql.merge import renamed
from watchkeeper.query.promql.over_range import over_range
from watchkeeper.query.promql.range_functions import RANGE_FUNCTIONS
from watchkeeper.query.promql.sorting import sort_by_label, sort_by_value
from watchkeeper.query.promql.steps import Steps
from watchkeeper.query.promql.value import Scalar, Value, Vector
from watchkeeper.query.promql.windows import Windows


class Arguments(Protocol):
    """A call's arguments by position, each evaluated when it is asked for."""

    steps: Steps

    def vector(self, i: int) -> Vector:
        """An instant vector."""
        ...

    def scalar(self, i: int) -> NDArray[np.float64]:
        """A scalar, shape (s,)."""
        ...

    def windows(self, i: int) -> Windows:
        """A range vector."""
        ...

    def samples(self, i: int) -> tuple[Vector, NDArray[np.int64], SeriesBlock] | None:
        """Of a bare selector: its series, each cell's sample in the block (−1: none), the block. Else None."""
        ...


Function: TypeAlias = Callable[[Context, Call, Arguments], Value]


def call(context: Context, expr: Call, args: Arguments) -> Value:
    """The value of a function call. Raises PromqlFailure."""
    name = expr.function.name
    if name in FLOAT_FUNCTIONS:
        vector = args.vector(0)
        return _renamed(context, vector.with_values(FLOAT_FUNCTIONS[name](vector.values)))
    if name in RANGE_FUNCTIONS:
        return _over_range(context, expr, args)
    if name in HISTOGRAM_FUNCTIONS:
        return _renamed(context, read_histograms(args.vector(0), HISTOGRAM_FUNCTIONS[name]))
    if name in DATE_FUNCTIONS:
        return _date(context, expr, args)
    return _FUNCTIONS[name](context, expr, args)


def _renamed(context: Context, vector: Vector) -> Vector:
    return renamed(vector, delayed=context.options.delayed_name_removal)


def _over_range(context: Context, expr: Call, args: Arguments) -> Vector:
    ranged = next(i for i, arg in enumerate(expr.args) if arg.type.value == "matrix")
    parameters = [args.scalar(i) for i in range(len(expr.args)) if i != ranged]
    windows = args.windows(ranged)
    if expr.function.name == "absent_over_time":
        return absent_over_time(context, expr, windows)
    return over_range(context, expr, windows, parameters)


def _date(context: Context, expr: Call, args: Arguments) -> Vector:
    part = DATE_FUNCTIONS[expr.function.name]
    if not expr.args:
        seconds = args.steps.array() // 1000
        return context.row(part(seconds).astype(np.float64))
    vector = args.vector(0)
    return _renamed(context, vector.with_values(part(whole_seconds(vector.values)).astype(np.float64)))


def _clamp(context: Context, expr: Call, args: Arguments) -> Vector:
    name = expr.function.name
    vector = args.vector(0)
    low: NDArray[np.float64] | float = -np.inf if name == "clamp_max" else args.scalar(1)
    high: NDArray[np.float64] | float = np.inf if name == "clamp_min" else args.scalar(2 if name == "clamp" else 1)
    held = vector.with_values(clamped(vector.values, low, high))
    return _renamed(context, held.where(np.broadcast_to(~np.less(high, low), vector.shape)))


def _round(context: Context, expr: Call, args: Arguments) -> Vector:
    vector = args.vector(0)
    nearest = args.scalar(1) if len(expr.args) > 1 else np.ones(args.steps.count)
    return _renamed(context, vector.with_values(rounded(vector.values, nearest)))


def _scalar(context: Context, expr: Call, args: Arguments) -> Scalar:
    vector = args.vector(0)
    alone = np.count_nonzero(vector.present, axis=0) == 1
    values = np.where(vector.present, vector.values, 0.0).sum(axis=0)
    return Scalar(np.where(alone, values, np.nan))


def _vector(context: Context, expr: Call, args: Arguments) -> Vector:
    return context.row(args.scalar(0))


def _time(context: Context, expr: Call, args: Arguments) -> Scalar:
    return Scalar(args.steps.array() / 1000)


def _pi(context: Context, expr: Call, args: Arguments) -> Scalar:
    return Scalar(np.full(args.steps.count, np.pi))


def _query_edge(context: Context, expr: Call, args: Arguments) -> Scalar:
    """start(), end(), step() and range(): what the query itself was asked for, in seconds."""
    span = context.span
    ms = {
        "start": span.start,
        "end": span.end,
        "step": span.step if span.start != span.end else 0,
        "range": span.end - span.start,
    }[expr.function.name]
    return Scalar(np.full(args.steps.count, ms / 1000))


def _of_two(context: Context, expr: Call, args: Arguments) -> Scalar:
    choose = np.maximum if expr.function.name == "max_of" else np.minimum
    return Scalar(choose(args.scalar(0), args.scalar(1)))


def _timestamp(context: Context, expr: Call, args: Arguments) -> Vector:
    found = args.samples(0)
    if found is None:
        vector = args.vector(0)
        seconds = np.broadcast_to(args.steps.array() / 1000, vector.shape).copy()
        present = vector.occupied()
    else:
        vector, index, block = found
        seconds = _looked_up(block.timestamps, index)
        present = index >= 0
    return _renamed(context, Vector(vector.frame, seconds, present, vector.nameless))


def _start_timestamp(context: Context, expr: Call, args: Arguments) -> Vector:
    """The start timestamps of a bare selector's samples in seconds, 0 where unknown; nothing for anything else."""
    found = args.samples(0)
    if found is None or not context.options.use_start_timestamps:
        vector = args.vector(0)
        return _renamed(context, vector.where(np.zeros(vector.shape, dtype=np.bool_)))
    vector, index, block = found
    seconds = np.zeros(index.shape) if block.starts is None else _looked_up(block.starts, index)
    return _renamed(context, Vector(vector.frame, seconds, index >= 0, vector.nameless))


def _looked_up(times: NDArray[np.int64], index: NDArray[np.int64]) -> NDArray[np.float64]:
    if not times.size:
        return np.full(index.shape, np.nan)
    return np.where(index >= 0, times[np.maximum(index, 0)] / 1000, np.nan)


def _absent(context: Context, expr: Call, args: Arguments) -> Vector:
    return absent(context, expr, args.vector(0))


def _label_replace(context: Context, expr: Call, args: Arguments) -> Vector:
    return label_replace(context, args.vector(0), texts(expr, 1))


def _label_join(context: Context, expr: Call, args: Arguments) -> Vector:
    return label_join(context, args.vector(0), texts(expr, 1))


def _sort(context: Context, expr: Call, args: Arguments) -> Vector:
    return sort_by_value(args.vector(0), descending=expr.function.name == "sort_desc")


def _sort_by_label(context: Context, expr: Call, args: Arguments) -> Vector:
    return sort_by_label(context, args.vector(0), texts(expr, 1), descending=expr.function.name.endswith("_desc"))


def _histogram_quantile(context: Context, expr: Call, args: Arguments) -> Vector:
    return histogram_quantile(context, expr, args.scalar(0), args.vector(1), args.steps)


def _histogram_quantiles(context: Context, expr: Call, args: Arguments) -> Vector:
    quantiles = [args.scalar(i) for i in range(2, len(expr.args))]
    return histogram_quantiles(context, expr, args.vector(0), texts(expr, 1)[0], quantiles, args.steps)


def _histogram_fraction(context: Context, expr: Call, args: Arguments) -> Vector:
    return histogram_fraction(context, expr, args.scalar(0), args.scalar(1), args.vector(2))


def _info(context: Context, expr: Call, args: Arguments) -> Vector:
    return info(context, expr, args.vector(0), args.steps)


def texts(expr: Call, first: int) -> list[str]:
    """The string arguments from position `first` on."""
    return [arg.value for arg in expr.args[first:] if isinstance(arg, StringLiteral)]


_FUNCTIONS: dict[str, Function] = {
    "absent": _absent,
    "clamp": _clamp,
    "clamp_max": _clamp,
    "clamp_min": _clamp,
    "end": _query_edge,
    "histogram_fraction": _histogram_fraction,
    "histogram_quantile": _histogram_quantile,
    "histogram_quantiles": _histogram_quantiles,
    "info": _info,
    "label_join": _label_join,
    "label_replace": _label_replace,
    "max_of": _of_two,
    "min_of": _of_two,
    "pi": _pi,
    "range": _query_edge,
    "round": _round,
    "scalar": _scalar,
    "sort": _sort,
    "sort_by_label": _sort_by_label,
    "sort_by_label_desc": _sort_by_label,
    "sort_desc": _sort,
    "start": _query_edge,
    "start_timestamp": _start_timestamp,
    "step": _query_edge,
    "time": _time,
    "timestamp": _timestamp,
    "vector": _vector,
}
