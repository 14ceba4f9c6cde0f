"""What stands behind a selector: ranges, subqueries, offset, @, anchored and smoothed."""

from __future__ import annotations

import math
from typing import Final

from watchkeeper.query.promql.ast import (
    At,
    AtEdge,
    Duration,
    DurationTerm,
    Expr,
    MatrixSelector,
    NumberLiteral,
    RangeModifier,
    Subquery,
    VectorSelector,
)
from watchkeeper.query.promql.duration_parser import offset_term, range_term
from watchkeeper.query.promql.durations import milliseconds_of
from watchkeeper.query.promql.stream import TokenStream, Unexpected

MODIFIERS: Final = frozenset({"[", "offset", "@", "anchored", "smoothed"})
_LARGEST_TIME: Final = float(1 << 63)


class Suffixes:
    """Reads one suffix and gives the expression that it makes of the one before it."""

    __slots__ = ("_stream",)

    def __init__(self, stream: TokenStream) -> None:
        self._stream = stream

    def read(self, expr: Expr) -> Expr:
        """The suffix at the stream's place, applied to `expr`. Raises ParseFailure."""
        kind = self._stream.kind
        if kind == "[":
            return self._brackets(expr)
        if kind == "offset":
            return self._offset(expr)
        if kind == "@":
            return self._at(expr)
        return self._edges(expr)

    def _brackets(self, expr: Expr) -> Expr:
        stream = self._stream
        opening = stream.take()
        try:
            span = range_term(stream)
        except Unexpected as unexpected:
            stream.fail_unexpected(
                unexpected.token, "subquery or range selector", "number, duration, step(), or range()"
            )
        if stream.at("]"):
            return self._matrix(expr, span, opening.start)
        if not stream.at(":"):
            stream.fail_unexpected(stream.peek(), "subquery or range", '":" or "]"')
        stream.take()
        step: Duration = 0
        if not stream.at("]"):
            try:
                step = _duration(range_term(stream))
            except Unexpected as unexpected:
                stream.fail_unexpected(
                    unexpected.token, "subquery selector", 'number, duration, step(), range(), or "]"'
                )
        if not stream.at("]"):
            stream.fail_unexpected(stream.peek(), "subquery selector", '"]"')
        return Subquery(expr, _duration(span), step, stream.take().end)

    def _matrix(self, expr: Expr, span: DurationTerm, opening: int) -> Expr:
        closing = self._stream.take()
        if not isinstance(expr, VectorSelector):
            self._stream.fail("ranges only allowed for vector selectors", opening, closing.end)
        if isinstance(expr.offset, int) and expr.offset != 0:
            self._stream.fail("no offset modifiers allowed before range", opening, closing.end)
        if isinstance(expr.at, int):
            self._stream.fail("no @ modifiers allowed before range", opening, closing.end)
        return MatrixSelector(expr, _duration(span), closing.end)

    def _offset(self, expr: Expr) -> Expr:
        stream = self._stream
        stream.take()
        try:
            offset = _duration(offset_term(stream))
        except Unexpected as unexpected:
            stream.fail_unexpected(unexpected.token, "offset", "number, duration, step(), or range()")
        target = expr.selector if isinstance(expr, MatrixSelector) else expr
        if not isinstance(target, VectorSelector | Subquery):
            stream.fail(
                "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
                expr.start,
                expr.end,
            )
        if target.offset != 0:
            stream.fail("offset may not be set multiple times", expr.start, expr.end)
        return _changed(expr, stream.last_end, offset=offset)

    def _at(self, expr: Expr) -> Expr:
        stream = self._stream
        stream.take()
        at: At
        if stream.kind in ("start", "end"):
            edge = stream.take().kind
            try:
                stream.expect("(")
                stream.expect(")")
            except Unexpected as unexpected:
                stream.fail_unexpected(unexpected.token, "@", "timestamp")
            at = AtEdge(edge)
        else:
            at = self._timestamp(expr)
        target = expr.selector if isinstance(expr, MatrixSelector) else expr
        if not isinstance(target, VectorSelector | Subquery):
            stream.fail(
                "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
                expr.start,
                expr.end,
            )
        if target.at is not None:
            stream.fail("@ <timestamp> may not be set multiple times", expr.start, expr.end)
        return _changed(expr, stream.last_end, at=at)

    def _timestamp(self, expr: Expr) -> int:
        stream = self._stream
        negative = stream.at("-")
        try:
            if stream.kind in ("-", "+"):
                stream.take()
            value = stream.number().value
        except Unexpected as unexpected:
            stream.fail_unexpected(unexpected.token, "@", "timestamp")
        seconds = -value if negative else value
        if not -_LARGEST_TIME < seconds < _LARGEST_TIME:
            shown = (
                f"{seconds:.6f}" if math.isfinite(seconds) else {"inf": "+Inf", "-inf": "-Inf"}.get(str(seconds), "NaN")
            )
            stream.fail(f"timestamp out of bounds for @ modifier: {shown}", expr.start, expr.end)
        return math.floor(abs(seconds) * 1000 + 0.5) * (-1 if seconds < 0 else 1)

    def _edges(self, expr: Expr) -> Expr:
        stream = self._stream
        token = stream.take()
        modifier = RangeModifier(token.kind)
        if isinstance(expr, Subquery):
            stream.fail(f"{modifier} modifier is not supported for subqueries", expr.start, expr.end)
        target = expr.selector if isinstance(expr, MatrixSelector) else expr
        if not isinstance(target, VectorSelector):
            stream.fail(f"{modifier} modifier not implemented", expr.start, expr.end)
        if target.modifier not in (None, modifier):
            stream.fail("anchored and smoothed modifiers cannot be used together", expr.start, expr.end)
        return _changed(expr, token.end, modifier=modifier)


def _duration(term: DurationTerm) -> Duration:
    """Milliseconds where the term is a constant."""
    return milliseconds_of(term.value) if isinstance(term, NumberLiteral) else term


def _changed(
    expr: Expr, end: int, *, offset: Duration | None = None, at: At = None, modifier: RangeModifier | None = None
) -> Expr:
    """`expr` with one of its modifiers set and ending there."""
    if isinstance(expr, MatrixSelector):
        inner = _selector(expr.selector, expr.selector.end, offset, at, modifier)
        return MatrixSelector(inner, expr.range, end)
    if isinstance(expr, Subquery):
        return Subquery(
            expr.expr,
            expr.range,
            expr.step,
            end,
            expr.offset if offset is None else offset,
            expr.at if at is None else at,
        )
    assert isinstance(expr, VectorSelector)
    return _selector(expr, end, offset, at, modifier)


def _selector(
    old: VectorSelector, end: int, offset: Duration | None, at: At, modifier: RangeModifier | None
) -> VectorSelector:
    return VectorSelector(
        old.name,
        old.matchers,
        old.start,
        end,
        old.offset if offset is None else offset,
        old.at if at is None else at,
        old.modifier if modifier is None else modifier,
    )
