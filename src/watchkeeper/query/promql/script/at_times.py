"""An instant query as the same query at other times: every selector pinned by `@` to the time it was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

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
    Paren,
    Subquery,
    Unary,
    VectorSelector,
    walk,
)
from watchkeeper.query.promql.durations import durations_of
from watchkeeper.query.promql.printer import to_text

QUERY_DEPENDENT: Final = frozenset({"start", "end", "step", "range"})
"""Functions that tell the query's own times, so that a range query around an instant one answers otherwise."""
TIME_DEPENDENT: Final = frozenset(
    {"days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year"}
    | {"predict_linear", "time", "timestamp"}
    | QUERY_DEPENDENT
)
"""Functions whose result depends on the evaluation's time though their arguments do not."""


def at_other_times(expr: Expr, at: int) -> Iterator[tuple[str, int]]:
    """Queries, each with the time to ask it at (ms), whose answers must be those of `expr` at the time `at`."""
    if _calls(expr, TIME_DEPENDENT):
        return
    query = to_text(_pinned(expr, at))
    times = (-10 * at, 0, at // 5, at, 10 * at) if at else (-1000, 0, 1000)
    for time in times:
        yield query, time


def depends_on_query(expr: Expr) -> bool:
    """Say whether the answer depends on the query's range or step, not only on the instant."""
    return _calls(expr, QUERY_DEPENDENT) or any(map(_asks, durations_of(expr)))


def _asks(duration: Duration | DurationTerm) -> bool:
    """Say whether a duration asks for the query's range or step."""
    if not isinstance(duration, DurationExpr):
        return False
    if duration.op in (DurationOp.RANGE, DurationOp.STEP):
        return True
    return any(_asks(term) for term in (duration.left, duration.right) if term is not None)


def _calls(expr: Expr, names: frozenset[str]) -> bool:
    return any(isinstance(node, Call) and node.function.name in names for node in walk(expr))


def _pinned(expr: Expr, at: int) -> Expr:
    """Inside a subquery selectors stay as they are: its steps give them their times."""
    match expr:
        case VectorSelector():
            return expr if isinstance(expr.at, int) else replace(expr, at=at)
        case MatrixSelector():
            inner = expr.selector
            return expr if isinstance(inner.at, int) else replace(expr, selector=replace(inner, at=at))
        case Subquery():
            return expr if isinstance(expr.at, int) else replace(expr, at=at)
        case Paren() | Unary():
            return replace(expr, expr=_pinned(expr.expr, at))
        case Binary():
            left, right = _pinned(expr.left, at), _pinned(expr.right, at)
            return Binary(expr.op, left, right, expr.matching, expr.returns_bool)
        case Aggregate():
            parameter = None if expr.parameter is None else _pinned(expr.parameter, at)
            return replace(expr, expr=_pinned(expr.expr, at), parameter=parameter)
        case Call():
            return replace(expr, args=tuple(_pinned(arg, at) for arg in expr.args))
        case _:
            return expr
