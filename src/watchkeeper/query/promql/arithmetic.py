"""What the binary operators do to floats, over whole columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from watchkeeper.query.promql.ast import BinaryOp

Floats: TypeAlias = NDArray[np.float64]

ARITHMETIC: dict[BinaryOp, Callable[[Floats, Floats], Floats]] = {
    BinaryOp.ADD: np.add,
    BinaryOp.SUB: np.subtract,
    BinaryOp.MUL: np.multiply,
    BinaryOp.DIV: np.divide,
    BinaryOp.MOD: np.fmod,
    BinaryOp.POW: np.power,
    BinaryOp.ATAN2: np.arctan2,
}

COMPARISON: dict[BinaryOp, Callable[[Floats, Floats], NDArray[np.bool_]]] = {
    BinaryOp.EQ: np.equal,
    BinaryOp.NE: np.not_equal,
    BinaryOp.LT: np.less,
    BinaryOp.LE: np.less_equal,
    BinaryOp.GT: np.greater,
    BinaryOp.GE: np.greater_equal,
}


def changes_metric(op: BinaryOp) -> bool:
    """Say whether the operator's result is no longer the metric that its operands are."""
    return op in ARITHMETIC


def scalar_binary(op: BinaryOp, left: Floats, right: Floats) -> Floats:
    """The operator between scalars (s,); comparisons answer 0 or 1."""
    if op in ARITHMETIC:
        return ARITHMETIC[op](left, right)
    return COMPARISON[op](left, right).astype(np.float64)
