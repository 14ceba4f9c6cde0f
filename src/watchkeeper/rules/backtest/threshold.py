"""The number that a rule compares with, where it has one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from watchkeeper.query.promql import Expr, ValueType, parse
from watchkeeper.query.promql.ast import Binary, BinaryOp, NumberLiteral, Paren, Unary
from watchkeeper.query.promql.printer import to_text

_MIRRORED = {BinaryOp.GT: BinaryOp.LT, BinaryOp.GE: BinaryOp.LE, BinaryOp.LT: BinaryOp.GT, BinaryOp.LE: BinaryOp.GE}
_KEEPING = (BinaryOp.AND, BinaryOp.UNLESS)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A rule fires where `measured` (PromQL) stands in the relation `op` to `value`."""

    measured: str
    op: BinaryOp
    value: float

    @property
    def below(self) -> bool:
        """Whether low values fire."""
        return self.op in (BinaryOp.LT, BinaryOp.LE)

    def reached(self, values: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
        """Where values would fire at another threshold, same shape; NaN never does."""
        match self.op:
            case BinaryOp.GT:
                return values > threshold
            case BinaryOp.GE:
                return values >= threshold
            case BinaryOp.LT:
                return values < threshold
            case _:
                return values <= threshold


@dataclass(frozen=True, slots=True)
class NoThreshold:
    """Why there is no threshold to vary."""

    why: str


@lru_cache(maxsize=256)
def threshold_of(query: str) -> Threshold | NoThreshold:
    """The threshold of `expression > number`, also below `and` and `unless`, whose other side does not depend on it."""
    found = _split(parse(query))
    if isinstance(found, NoThreshold):
        return found
    measured, op, value = found
    return Threshold(to_text(measured), op, value)


def is_below(query: str) -> bool:
    """Say whether a rule fires on low values."""
    found = threshold_of(query)
    return isinstance(found, Threshold) and found.below


def _split(expr: Expr) -> tuple[Expr, BinaryOp, float] | NoThreshold:
    if isinstance(expr, Paren):
        return _split(expr.expr)
    if not isinstance(expr, Binary):
        return NoThreshold("the expression compares nothing with a number")
    if expr.op in _KEEPING:
        inner = _split(expr.left)
        if isinstance(inner, NoThreshold):
            return inner
        # `and` and `unless` pick series, whatever their values are: it is all the same which filter comes first.
        left = Paren(inner[0], expr.left.start, expr.left.end)
        return replace(expr, left=left), inner[1], inner[2]
    if expr.op is BinaryOp.OR:
        return NoThreshold("«or» joins several conditions: each would need a rule of its own")
    return _comparison(expr)


def _comparison(expr: Binary) -> tuple[Expr, BinaryOp, float] | NoThreshold:
    if not expr.op.is_comparison:
        return NoThreshold("the expression compares nothing with a number")
    if expr.returns_bool:
        return NoThreshold("with «bool» the expression fires whatever the comparison says")
    if expr.op not in _MIRRORED:
        return NoThreshold(f"there is no more and no less to «{expr.op}»")
    right, left = _constant(expr.right), _constant(expr.left)
    if right is not None and expr.left.type is ValueType.VECTOR:
        return expr.left, expr.op, right
    if left is not None and expr.right.type is ValueType.VECTOR:
        return expr.right, _MIRRORED[expr.op], left
    return NoThreshold("the expression compares with something that is no number")


def _constant(expr: Expr) -> float | None:
    match expr:
        case NumberLiteral():
            return expr.value
        case Paren():
            return _constant(expr.expr)
        case Unary():
            value = _constant(expr.expr)
            return -value if value is not None and expr.op is BinaryOp.SUB else value
        case Binary():
            return _computed(expr.op, _constant(expr.left), _constant(expr.right))
        case _:
            return None


def _computed(op: BinaryOp, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    match op:
        case BinaryOp.ADD:
            return left + right
        case BinaryOp.SUB:
            return left - right
        case BinaryOp.MUL:
            return left * right
        case BinaryOp.DIV:
            return left / right if right else None
        case _:
            return None
