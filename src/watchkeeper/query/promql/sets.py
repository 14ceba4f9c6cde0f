"""`and`, `or`, `unless`: by presence at each step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.group import any_in_group
from watchkeeper.query.promql.ast import BinaryOp
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.frames import stacked
from watchkeeper.query.promql.merge import merged
from watchkeeper.query.promql.value import Objects, Vector, no_histograms


def set_operation(
    context: Context,
    op: BinaryOp,
    left: Vector,
    right: Vector,
    left_groups: NDArray[np.int64],
    right_groups: NDArray[np.int64],
    count: int,
) -> Vector:
    """The set operator over series that are numbered by their signatures, `count` in all."""
    if op is BinaryOp.OR:
        return _union(context, left, right, left_groups, right_groups, count)
    there = any_in_group(right_groups, right.occupied(), count)[left_groups]
    return left.where(there if op is BinaryOp.AND else ~there)


def _union(
    context: Context,
    left: Vector,
    right: Vector,
    left_groups: NDArray[np.int64],
    right_groups: NDArray[np.int64],
    count: int,
) -> Vector:
    there = any_in_group(left_groups, left.occupied(), count)[right_groups]
    right = right.where(~there)
    some = np.flatnonzero(right.occupied().any(axis=1))
    right = right.take(some)
    return merged(
        Vector(
            stacked(context.symbols, (left.frame, right.frame)),
            np.concatenate((left.values, right.values)),
            np.concatenate((left.present, right.present)),
            np.concatenate((left.nameless, right.nameless)),
            _stacked_histograms(left, right),
        )
    )


def _stacked_histograms(left: Vector, right: Vector) -> Objects | None:
    if left.histograms is None and right.histograms is None:
        return None
    parts = [v.histograms if v.histograms is not None else no_histograms(*v.shape) for v in (left, right)]
    return np.concatenate(parts)
