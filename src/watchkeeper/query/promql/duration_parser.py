"""Durations in brackets and behind `offset`: numbers, `5m`, and arithmetic over them."""

from __future__ import annotations

from typing import Final

from watchkeeper.query.promql.ast import DurationExpr, DurationOp, DurationTerm, NumberLiteral
from watchkeeper.query.promql.lexer import DURATION, ERROR, IDENTIFIER, NUMBER
from watchkeeper.query.promql.stream import TokenStream, Unexpected

_PRECEDENCE: Final = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "^": 3}
_POWER: Final = 3
_LARGEST_S: Final = (1 << 63) / 1e9
_EXTREMES: Final = {
    "min_of": DurationOp.MIN,
    "max_of": DurationOp.MAX,
    "min": DurationOp.MIN,
    "max": DurationOp.MAX,
}
"""Prometheus called them `min` and `max` at first, and its rules files still do."""


def range_term(stream: TokenStream) -> DurationTerm:
    """A duration of a range or step, greater than zero where it is a constant. Raises Unexpected, ParseFailure."""
    term = _expr(stream, 0)
    if isinstance(term, NumberLiteral) and term.value <= 0 and not stream.at(ERROR):
        stream.fail("duration must be greater than 0", term.start, term.end)
    return term


def offset_term(stream: TokenStream) -> DurationTerm:
    """A duration behind `offset`. Arithmetic needs parentheses there, as `foo offset 5m * 2` multiplies the result."""
    if stream.kind in ("-", "+"):
        sign = stream.take()
        term = _parenthesised(stream) if stream.at("(") else _primary(stream)
        return _signed(stream, sign.kind == "-", term, sign.start)
    if stream.at("("):
        return _expr(stream, 0)
    return _primary(stream)


def _expr(stream: TokenStream, least: int) -> DurationTerm:
    left = _operand(stream)
    while (precedence := _PRECEDENCE.get(stream.kind, -1)) >= max(least, 1):
        op = stream.take()
        right = _expr(stream, precedence if precedence == _POWER else precedence + 1)
        if op.kind in "/%" and isinstance(right, NumberLiteral) and right.value == 0 and not stream.at(ERROR):
            stream.fail("division by zero" if op.kind == "/" else "modulo by zero", op.start, op.end)
        left = DurationExpr(DurationOp(op.kind), left, right, left.start, right.end)
    return left


def _operand(stream: TokenStream) -> DurationTerm:
    if stream.kind in ("-", "+"):
        sign = stream.take()
        return _signed(stream, sign.kind == "-", _expr(stream, _POWER), sign.start)
    return _parenthesised(stream) if stream.at("(") else _primary(stream)


def _parenthesised(stream: TokenStream) -> DurationTerm:
    opening = stream.take()
    term = _expr(stream, 0)
    end = stream.expect(")").end
    if isinstance(term, NumberLiteral):
        return term
    return DurationExpr(term.op, term.left, term.right, opening.start, end, parenthesised=True)


def _primary(stream: TokenStream) -> DurationTerm:
    token = stream.peek()
    if token.kind in (NUMBER, DURATION):
        number = stream.number()
        if not abs(number.value) <= _LARGEST_S:  # NaN neither
            stream.fail("duration out of range", number.start, number.end)
        return number
    if token.kind in ("step", "range"):
        stream.take()
        stream.expect("(")
        return DurationExpr(DurationOp(token.kind), None, None, token.start, stream.expect(")").end)
    extreme = _EXTREMES.get(token.text.lower() if token.kind == IDENTIFIER else token.kind)
    if extreme is None:
        raise Unexpected(token)
    stream.take()
    stream.expect("(")
    left = _expr(stream, 0)
    stream.expect(",")
    right = _expr(stream, 0)
    return DurationExpr(extreme, left, right, token.start, stream.expect(")").end)


def _signed(stream: TokenStream, negative: bool, term: DurationTerm, start: int) -> DurationTerm:
    if isinstance(term, NumberLiteral):
        return NumberLiteral(-term.value if negative else term.value, start, term.end, term.is_duration)
    return DurationExpr(DurationOp.SUB, None, term, start, term.end) if negative else term
