"""topk, bottomk, limitk, limit_ratio: aggregations that keep some of their series as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.aggregate import rows_by_group
from watchkeeper.kernels.topk import first_rows, top_rows
from watchkeeper.model.histogram.digits import general
from watchkeeper.query.promql.aggregate_histograms import ignored
from watchkeeper.query.promql.ast import Aggregate, AggregateOp
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.failure import EvaluationFailure
from watchkeeper.query.promql.label_hash import label_hashes
from watchkeeper.query.promql.steps import Steps
from watchkeeper.query.promql.value import Vector

_LARGEST = 9223372036854774784.0
_LEAST = -9223372036854775808.0


def choose(
    context: Context,
    expr: Aggregate,
    vector: Vector,
    parameter: NDArray[np.float64],
    groups: NDArray[np.int64],
    count: int,
    steps: Steps,
) -> Vector:
    """The series that `expr` keeps of each group, at each step. Raises EvaluationFailure for a NaN parameter."""
    if expr.op is AggregateOp.LIMIT_RATIO:
        return _by_ratio(context, expr, vector, parameter)
    if np.fmax.reduce(parameter) < 1 and not np.isnan(parameter).all():
        return vector.take(np.zeros(0, dtype=np.int64))
    counts = _counts(parameter, len(vector.frame))
    if expr.op is AggregateOp.LIMITK:
        return _kept(vector, vector.where(first_rows(groups, count, vector.occupied(), counts)))
    sign = 1.0 if expr.op is AggregateOp.TOPK else -1.0
    if vector.histograms is not None:
        ignored(context, expr.op.value, vector, expr)
    keep = _top(context, vector, groups, count, counts, sign)
    kept = _kept(vector, vector.where(keep))
    return _ranked(kept, groups, keep, sign) if steps.count == 1 else kept


def _counts(parameter: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    if np.isnan(parameter).any():
        raise EvaluationFailure("Parameter value is NaN")
    lowest, highest = float(parameter.min()), float(parameter.max())
    if lowest <= _LEAST:
        raise EvaluationFailure(f"Scalar value {general(lowest)} underflows int64")
    if highest >= _LARGEST:
        raise EvaluationFailure(f"Scalar value {general(highest)} overflows int64")
    return np.clip(parameter, 0, n).astype(np.int64)


def _top(
    context: Context,
    vector: Vector,
    groups: NDArray[np.int64],
    count: int,
    counts: NDArray[np.int64],
    sign: float,
) -> NDArray[np.bool_]:
    n, s = vector.shape
    keep = np.zeros((n, s), dtype=np.bool_)
    rows, starts = rows_by_group(groups, count)
    context.rows(
        s,
        max(n, 1),
        lambda first, last: top_rows(rows, starts, vector.values, vector.present, counts, sign, first, last, keep),
    )
    return keep


def _kept(vector: Vector, chosen: Vector) -> Vector:
    """Only the rows of which something is left."""
    rows = np.flatnonzero(chosen.occupied().any(axis=1))
    return chosen if rows.size == len(vector.frame) else chosen.take(rows)


def _ranked(kept: Vector, groups: NDArray[np.int64], keep: NDArray[np.bool_], sign: float) -> Vector:
    """A single step's rows from best to worst within their groups; NaN is worst."""
    mine = groups[keep[:, 0]]
    values = kept.values[:, 0]
    order = np.lexsort((-sign * values, np.isnan(values), mine))
    return kept.take(order)


def _by_ratio(context: Context, expr: Aggregate, vector: Vector, ratios: NDArray[np.float64]) -> Vector:
    """The series whose hash falls into a share of all hashes: the lower `ratio`, or for a negative one the upper."""
    assert expr.parameter is not None
    if np.isnan(ratios).any():
        raise EvaluationFailure("Ratio value is NaN")
    for bound, far in ((1.0, float(ratios.max())), (-1.0, float(ratios.min()))):
        if abs(far) > 1 and np.sign(far) == bound:
            text = f"ratio value should be between -1 and 1, got {general(far)}, capping to {general(bound)}"
            context.annotations.warn(text, expr.parameter)
    if not ratios.any() or not len(vector.frame):
        return vector.take(np.zeros(0, dtype=np.int64))
    limits = np.clip(ratios, -1.0, 1.0)
    offsets = (label_hashes(context.symbols, vector.frame).astype(np.float64) / float(2**64 - 1))[:, None]
    keep = np.where(limits >= 0, offsets < limits, offsets >= 1.0 + limits)
    return _kept(vector, vector.where(keep & (limits != 0)))
