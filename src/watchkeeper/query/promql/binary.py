"""Binary operators over paired columns, floats by NumPy and native histograms one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram
from watchkeeper.query.promql.arithmetic import ARITHMETIC, COMPARISON, changes_metric
from watchkeeper.query.promql.ast import Binary
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.histograms import remark
from watchkeeper.query.promql.histograms_binary import Paired, binary
from watchkeeper.query.promql.merge import renamed
from watchkeeper.query.promql.value import Objects, Vector, no_histograms, occupied


@dataclass(frozen=True, slots=True)
class Side:
    """One operand's cells (n, s): floats where `present`, histograms beside them."""

    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    histograms: Objects | None = None

    def occupied(self) -> NDArray[np.bool_]:
        """Where there is a sample of either kind."""
        return self.present if self.histograms is None else self.present | occupied(self.histograms)


@dataclass(frozen=True, slots=True)
class Applied:
    """An operator's result: cells, and `tried` where both operands had a sample that the operator could take.

    For comparisons `present` says where they held, unless the operator answers 0 or 1.
    """

    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    histograms: Objects | None
    tried: NDArray[np.bool_]


def apply(context: Context, expr: Binary, left: Side, right: Side, *, keep_right: bool = False) -> Applied:
    """The operator over two sides of the same shape; a filtering comparison keeps the left value, or the right one."""
    both = left.present & right.present
    op = expr.op
    if op in ARITHMETIC:
        values, present = ARITHMETIC[op](left.values, right.values), both
    elif op in COMPARISON:
        holds = COMPARISON[op](left.values, right.values)
        if expr.returns_bool:
            values, present = holds.astype(np.float64), both
        else:
            values, present = (right.values if keep_right else left.values), both & holds
    else:
        values, present = left.values, np.zeros_like(both)
        if both.any():
            _incompatible(context, expr, "float", "float")
        both = present
    if left.histograms is None and right.histograms is None:
        return Applied(values, present, None, both)
    return _with_histograms(context, expr, left, right, Applied(values, present, None, both))


def _with_histograms(context: Context, expr: Binary, left: Side, right: Side, floats: Applied) -> Applied:
    """The cells of which one operand at least is a histogram, added to those that are done."""
    n, s = floats.values.shape
    some = (left.occupied() & right.occupied()) & ~(left.present & right.present)
    values, present, tried = floats.values.copy(), floats.present.copy(), floats.tried.copy()
    histograms = no_histograms(n, s)
    for i, j in np.argwhere(some).tolist():
        a = _operand(left, i, j)
        b = _operand(right, i, j)
        pair = binary(expr.op, a, b)
        if pair.incompatible_types:
            _incompatible(context, expr, _kind(a), _kind(b))
        if pair.incompatible_layout:
            context.annotations.warn(
                f"incompatible bucket layout encountered for binary operator {expr.op.value}", expr
            )
        remark(pair.notes, "", context.annotations, expr)
        tried[i, j] = not (pair.incompatible_types or pair.incompatible_layout)
        _place(expr, pair, values, present, histograms, i, j)
    return Applied(values, present, histograms, tried)


def _place(
    expr: Binary,
    pair: Paired,
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    histograms: Objects,
    i: int,
    j: int,
) -> None:
    if pair.incompatible_types or pair.incompatible_layout:
        return
    if expr.returns_bool:
        values[i, j] = float(pair.matched)
        present[i, j] = True
    elif pair.matched:
        histograms[i, j] = pair.value


def _operand(side: Side, i: int, j: int) -> Histogram | float:
    if side.histograms is not None and side.histograms[i, j] is not None:
        return side.histograms[i, j]
    return float(side.values[i, j])


def _kind(operand: Histogram | float) -> str:
    return "histogram" if isinstance(operand, Histogram) else "float"


def _incompatible(context: Context, expr: Binary, left: str, right: str) -> None:
    op = expr.op.value
    context.annotations.inform(
        f'incompatible sample types encountered for binary operator "{op}": {left} {op} {right}', expr
    )


def with_scalar(
    context: Context, expr: Binary, vector: Vector, scalar: NDArray[np.float64], *, swapped: bool
) -> Vector:
    """The operator between a vector and a scalar (s,); `swapped` where the scalar stands left."""
    n, s = vector.shape
    mine = Side(vector.values, vector.present, vector.histograms)
    other = Side(np.broadcast_to(scalar, (n, s)), vector.occupied())
    left, right = (other, mine) if swapped else (mine, other)
    done = apply(context, expr, left, right, keep_right=swapped)
    values = np.ascontiguousarray(done.values)
    result = replace(vector, values=values, present=done.present, histograms=done.histograms)
    if changes_metric(expr.op) or expr.returns_bool:
        return renamed(result, delayed=context.options.delayed_name_removal)
    return result
