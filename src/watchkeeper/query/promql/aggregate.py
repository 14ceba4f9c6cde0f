"""Aggregations over series, step by step in kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.aggregate import (
    Aggregation,
    fold_groups,
    mean_groups,
    quantile_groups,
    rows_by_group,
    sum_groups,
    variance_groups,
)
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.histogram.digits import general
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql.aggregate_histograms import fold_histograms, ignored
from watchkeeper.query.promql.ast import Aggregate, AggregateOp
from watchkeeper.query.promql.choose import choose
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.count_values import count_values
from watchkeeper.query.promql.frames import columns, rows_as_groups
from watchkeeper.query.promql.steps import Steps
from watchkeeper.query.promql.value import Vector

_CHOOSING = frozenset({AggregateOp.TOPK, AggregateOp.BOTTOMK, AggregateOp.LIMITK, AggregateOp.LIMIT_RATIO})
_FOLDS = {
    AggregateOp.MIN: Aggregation.MIN,
    AggregateOp.MAX: Aggregation.MAX,
    AggregateOp.COUNT: Aggregation.COUNT,
    AggregateOp.GROUP: Aggregation.GROUP,
}
_TAKES_BOTH = frozenset({AggregateOp.COUNT, AggregateOp.GROUP})
_ADDS_HISTOGRAMS = frozenset({AggregateOp.SUM, AggregateOp.AVG})


def aggregate(
    context: Context, expr: Aggregate, vector: Vector, parameter: NDArray[np.float64] | None, steps: Steps
) -> Vector:
    """The aggregation of a vector; `parameter` (s,) for those that take a number."""
    if expr.op is AggregateOp.COUNT_VALUES:
        return count_values(context, expr, vector)
    groups, firsts = groups_of(vector.frame, expr.grouping, without=expr.without)
    if expr.op in _CHOOSING:
        assert parameter is not None
        return choose(context, expr, vector, parameter, groups, firsts.size, steps)
    frame = group_labels(vector.frame.take(firsts), expr.grouping, without=expr.without)
    if expr.op is AggregateOp.QUANTILE:
        assert parameter is not None
        _warn_of_quantiles(context, expr, parameter)
    present = vector.occupied() if expr.op in _TAKES_BOTH else vector.present
    values, found = _aggregated(context, expr.op, vector, present, parameter, groups, firsts.size)
    nameless = np.zeros(firsts.size, dtype=np.bool_)
    np.logical_or.at(nameless, groups, vector.nameless & vector.occupied().any(axis=1))
    result = Vector(frame, values, found, nameless)
    if vector.histograms is not None:
        if expr.op in _ADDS_HISTOGRAMS:
            result = fold_histograms(context, expr, vector, result, groups)
        elif expr.op not in _TAKES_BOTH:
            ignored(context, expr.op.value, vector, expr.expr)
    return result


def groups_of(
    frame: LabelFrame, grouping: tuple[str, ...], *, without: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each row's group and each group's first row, by labels or without them (and the metric name)."""
    if without:
        names = tuple(n for n in frame.names if n != METRIC_NAME and n not in grouping)
    else:
        names = tuple(n for n in grouping if n in frame.names)
    return rows_as_groups(columns(frame, names))


def group_labels(frame: LabelFrame, grouping: tuple[str, ...], *, without: bool) -> LabelFrame:
    """The labels that groups keep."""
    return frame.drop((METRIC_NAME, *grouping)) if without else frame.keep(grouping)


def _aggregated(
    context: Context,
    op: AggregateOp,
    vector: Vector,
    present: NDArray[np.bool_],
    parameter: NDArray[np.float64] | None,
    groups: NDArray[np.int64],
    count: int,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    n, s = vector.shape
    context.make_room(count, s)
    out = np.empty((count, s), dtype=np.float64)
    found = np.empty((count, s), dtype=np.bool_)
    values = vector.values
    rows, starts = rows_by_group(groups, count) if op is AggregateOp.QUANTILE else (groups, groups)

    def task(first: int, last: int) -> None:
        if op is AggregateOp.SUM:
            sum_groups(groups, values, present, first, last, out, found)
        elif op is AggregateOp.AVG:
            mean_groups(groups, values, present, first, last, out, found)
        elif op in (AggregateOp.STDVAR, AggregateOp.STDDEV):
            variance_groups(groups, values, present, first, last, out, found)
        elif op is AggregateOp.QUANTILE:
            assert parameter is not None
            quantile_groups(rows, starts, values, present, parameter, first, last, out, found)
        else:
            fold_groups(_FOLDS[op].value, groups, values, present, first, last, out, found)

    context.rows(s, max(n, 1), task)
    return (np.sqrt(out) if op is AggregateOp.STDDEV else out), found


def _warn_of_quantiles(context: Context, expr: Aggregate, quantiles: NDArray[np.float64]) -> None:
    assert expr.parameter is not None
    at = expr.parameter
    texts: list[float] = []
    if np.isnan(quantiles).any():
        texts.append(float("nan"))
    highest, lowest = np.fmax.reduce(quantiles), np.fmin.reduce(quantiles)
    if highest > 1:
        texts.append(float(highest))
    if lowest < 0:
        texts.append(float(lowest))
    for q in texts:
        context.annotations.warn(f"quantile value should be between 0 and 1, got {general(q)}", at)
