"""Durations in milliseconds: constants when a query is parsed, expressions when its range and step are known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from watchkeeper.query.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Duration,
    DurationExpr,
    DurationOp,
    DurationTerm,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
    walk,
)
from watchkeeper.query.promql.parse_failure import ParseFailure

_LARGEST_S = (1 << 63) / 1e9


def milliseconds_of(seconds: float) -> int:
    """Whole milliseconds of a duration that Prometheus keeps in nanoseconds."""
    nanoseconds = math.floor(abs(seconds) * 1e9 + 0.5)
    return (nanoseconds // 1_000_000) * (-1 if seconds < 0 else 1)


def bind(query: str, expr: Expr, *, start: int, end: int, step: int) -> Expr:
    """`expr` with every duration expression replaced by milliseconds, for a query over [start, end] by `step` (ms).

    An instant query has start = end and step 0. Raises ParseFailure where a duration cannot be computed, or a range
    or step is not greater than zero.
    """
    if all(isinstance(duration, int) for duration in durations_of(expr)):
        return expr
    return _Binding(query, (end - start) / 1000, step / 1000).bound(expr)


def durations_of(expr: Expr) -> Iterator[Duration]:
    """All ranges, steps and offsets in `expr`."""
    for node in walk(expr):
        if isinstance(node, VectorSelector):
            yield node.offset
        elif isinstance(node, MatrixSelector):
            yield node.range
        elif isinstance(node, Subquery):
            yield from (node.range, node.step, node.offset)


class _Binding:
    """One query's text, and its range and step in seconds."""

    __slots__ = ("_query", "_range_s", "_step_s")

    def __init__(self, query: str, range_s: float, step_s: float) -> None:
        self._query = query
        self._range_s = range_s
        self._step_s = step_s

    def bound(self, expr: Expr) -> Expr:
        match expr:
            case VectorSelector():
                return self._selector(expr)
            case MatrixSelector():
                return MatrixSelector(self._selector(expr.selector), self._positive(expr.range), expr.end)
            case Subquery():
                return replace(
                    expr,
                    expr=self.bound(expr.expr),
                    range=self._positive(expr.range),
                    step=self._positive(expr.step),
                    offset=self._milliseconds(expr.offset),
                )
            case Paren() | Unary():
                return replace(expr, expr=self.bound(expr.expr))
            case Binary():
                return Binary(expr.op, self.bound(expr.left), self.bound(expr.right), expr.matching, expr.returns_bool)
            case Aggregate():
                parameter = None if expr.parameter is None else self.bound(expr.parameter)
                return replace(expr, expr=self.bound(expr.expr), parameter=parameter)
            case Call():
                return replace(expr, args=tuple(map(self.bound, expr.args)))
            case _:
                return expr

    def _selector(self, selector: VectorSelector) -> VectorSelector:
        if isinstance(selector.offset, int):
            return selector
        return replace(selector, offset=self._milliseconds(selector.offset))

    def _positive(self, duration: Duration) -> int:
        if isinstance(duration, int):
            return duration
        seconds = self._checked(duration)
        if seconds <= 0:
            self._fail("duration must be greater than 0", duration)
        return milliseconds_of(seconds)

    def _milliseconds(self, duration: Duration) -> int:
        return duration if isinstance(duration, int) else milliseconds_of(self._checked(duration))

    def _checked(self, term: DurationExpr) -> float:
        seconds = self._seconds(term)
        if not abs(seconds) <= _LARGEST_S:
            self._fail("duration is out of range", term)
        return seconds

    def _seconds(self, term: DurationTerm) -> float:
        if isinstance(term, NumberLiteral):
            return term.value
        if term.op is DurationOp.STEP:
            return self._step_s
        if term.op is DurationOp.RANGE:
            return self._range_s
        assert term.right is not None
        right = self._seconds(term.right)
        if term.left is None:
            return -right
        left = self._seconds(term.left)
        if term.op in (DurationOp.DIV, DurationOp.MOD) and right == 0:
            self._fail("division by zero" if term.op is DurationOp.DIV else "modulo by zero", term)
        return _arithmetic(term.op, left, right)

    def _fail(self, message: str, term: DurationExpr) -> None:
        raise ParseFailure(self._query, message, term.start, term.end)


def _arithmetic(op: DurationOp, left: float, right: float) -> float:
    match op:
        case DurationOp.ADD:
            return left + right
        case DurationOp.SUB:
            return left - right
        case DurationOp.MUL:
            return left * right
        case DurationOp.DIV:
            return left / right
        case DurationOp.MOD:
            return math.fmod(left, right) if math.isfinite(left) else math.nan
        case DurationOp.MIN:
            return min(left, right)
        case DurationOp.MAX:
            return max(left, right)
        case _:
            return _power(left, right)


def _power(left: float, right: float) -> float:
    try:
        value = left**right
    except (OverflowError, ZeroDivisionError):
        return math.inf
    return value if isinstance(value, float) else math.nan
