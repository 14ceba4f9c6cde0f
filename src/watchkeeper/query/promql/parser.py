"""Tokens → tree: precedence climbing over PromQL's grammar, with Prometheus' error texts."""

from __future__ import annotations

from typing import Final

import re2

from watchkeeper.base.quoting import quote, unquote
from watchkeeper.base.regex import go_words
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.query.promql.ast import (
    Aggregate,
    AggregateOp,
    Binary,
    BinaryOp,
    Call,
    Cardinality,
    Expr,
    NumberLiteral,
    Paren,
    StringLiteral,
    Unary,
    ValueType,
    VectorMatching,
    VectorSelector,
)
from watchkeeper.query.promql.check import check
from watchkeeper.query.promql.lexer import (
    AGGREGATORS,
    DURATION,
    EOF,
    ERROR,
    IDENTIFIER,
    METRIC,
    NUMBER,
    PREPROCESSORS,
    STRING,
    WORDS,
    Token,
)
from watchkeeper.query.promql.parse_failure import ParseFailure
from watchkeeper.query.promql.signatures import SIGNATURES
from watchkeeper.query.promql.stream import TokenStream, Unexpected
from watchkeeper.query.promql.suffix import MODIFIERS, Suffixes

_PRECEDENCE: Final = {
    "or": 1,
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "</", ">/"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
_POWER: Final = _PRECEDENCE["^"]
_OPERATORS: Final = {op.value: op for op in BinaryOp}
_AGGREGATES: Final = {op.value: op for op in AggregateOp}
_MATCH_OPS: Final = {op.value: op for op in MatchOp}
_NOT_METRICS: Final = frozenset({"on", "ignoring", "bool", "group_left", "group_right", "atan2"})
_METRIC_KINDS: Final = (WORDS - _NOT_METRICS) | {IDENTIFIER, METRIC}
_STARTS: Final = _METRIC_KINDS | {NUMBER, DURATION, STRING, "(", "{", "+", "-"}
_LABEL_KINDS: Final = (WORDS - {"without"}) | {IDENTIFIER, METRIC}


def parse(text: str) -> Expr:
    """The checked tree of a PromQL expression. Raises ParseFailure."""
    stream = TokenStream(text)
    try:
        expr = _Parser(stream).whole()
        check(text, expr)
    except RecursionError:
        raise ParseFailure(text, "expression is nested too deeply", 0, len(text)) from None
    return expr


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """The matchers of a selector such as `foo{a="b"}` (the API's `match[]`). Raises ParseFailure."""
    stream = TokenStream(text)
    try:
        selector = _Parser(stream).selector()
        stream.expect(EOF)
    except Unexpected as unexpected:
        stream.fail_unexpected(unexpected.token)
    return selector.matchers


class _Parser:
    """One parse; each method reads one rule of the grammar and leaves the stream behind it."""

    __slots__ = ("_stream", "_suffixes")

    def __init__(self, stream: TokenStream) -> None:
        self._stream = stream
        self._suffixes = Suffixes(stream)

    def whole(self) -> Expr:
        """An expression and nothing after it."""
        stream = self._stream
        if stream.kind == EOF:
            stream.fail("no expression found in input", 0, 0)
        try:
            expr = self._expr(0)
            stream.expect(EOF)
        except Unexpected as unexpected:
            stream.fail_unexpected(unexpected.token)
        return expr

    def _expr(self, least: int) -> Expr:
        """Operands and operators that bind at least that tightly."""
        stream = self._stream
        left = self._operand()
        while (precedence := _PRECEDENCE.get(stream.kind, -1)) >= max(least, 1):
            op = _OPERATORS[stream.take().kind]
            returns_bool, matching = self._modifiers()
            right = self._expr(precedence if precedence == _POWER else precedence + 1)
            left = _binary(op, left, right, matching, returns_bool)
        return left

    def _operand(self) -> Expr:
        """A primary expression with its suffixes; a sign binds like a multiplication."""
        stream = self._stream
        kind = stream.kind
        if kind in ("-", "+"):
            sign = stream.take()
            return _signed(sign, self._expr(_POWER))
        if kind == "(":
            opening = stream.take()
            inner = self._expr(0)
            expr: Expr = Paren(inner, opening.start, stream.expect(")").end)
        elif kind in (NUMBER, DURATION):
            expr = stream.number()
        elif kind == STRING:
            token = stream.take()
            expr = StringLiteral(unquote(token.text), token.start, token.end)
        else:
            expr = self._named(kind)
        while stream.kind in MODIFIERS:
            expr = self._suffixes.read(expr)
        return expr

    def _named(self, kind: str) -> Expr:
        """A call, an aggregation or a selector; what a word is depends on the token after it."""
        stream = self._stream
        following = stream.following
        if following == "(" and (kind == IDENTIFIER or kind in PREPROCESSORS):
            return self._call()
        if kind in AGGREGATORS and following in ("(", "by", "without"):
            return self._aggregate()
        return self.selector()

    def _call(self) -> Call:
        stream = self._stream
        name = stream.take()
        args = self._arguments()
        end = stream.last_end
        signature = SIGNATURES.get(name.text)
        if signature is None:
            stream.fail(f"unknown function with name {quote(name.text)}", name.start, name.end)
        return Call(signature, args, name.start, end)

    def _arguments(self) -> tuple[Expr, ...]:
        stream = self._stream
        stream.expect("(")
        args: list[Expr] = []
        if stream.at(")"):
            stream.take()
            return ()
        while True:
            args.append(self._expr(0))
            if not stream.at(","):
                stream.expect(")")
                return tuple(args)
            comma = stream.take()
            if stream.kind not in _STARTS and stream.kind != ERROR:
                stream.fail("trailing commas not allowed in function call args", comma.start, comma.end)

    def _aggregate(self) -> Aggregate:
        stream = self._stream
        name = stream.take()
        try:
            grouping = self._grouping()
            args = self._arguments()
        except Unexpected as unexpected:
            stream.fail_unexpected(unexpected.token, "aggregation")
        if grouping is None:
            grouping = self._grouping()
        if grouping is None and stream.kind == ERROR:
            raise Unexpected(stream.peek())
        labels, without = grouping or ((), False)
        op, end = _AGGREGATES[name.kind], stream.last_end
        wanted = 2 if op.takes_parameter else 1
        if not args:
            stream.fail("no arguments for aggregate expression provided", name.start, end)
        if len(args) != wanted:
            stream.fail(
                f"wrong number of arguments for aggregate expression provided, expected {wanted}, got {len(args)}",
                name.start,
                end,
            )
        return Aggregate(op, args[-1], args[0] if wanted == 2 else None, labels, without, name.start, end)

    def _grouping(self) -> tuple[tuple[str, ...], bool] | None:
        """`by (…)` or `without (…)`, where one stands here."""
        kind = self._stream.kind
        if kind not in ("by", "without"):
            return None
        self._stream.take()
        return self._labels(), kind == "without"

    def _labels(self) -> tuple[str, ...]:
        """A list of label names in parentheses."""
        stream = self._stream
        if not stream.at("("):
            stream.fail_unexpected(stream.peek(), "grouping opts", '"("')
        stream.take()
        labels: list[str] = []
        while not stream.at(")"):
            labels.append(self._label())
            if stream.at(","):
                stream.take()
            elif not stream.at(")"):
                stream.fail_unexpected(stream.peek(), "grouping opts", '"," or ")"')
        stream.take()
        return tuple(labels)

    def _label(self) -> str:
        stream = self._stream
        token = stream.peek()
        if token.kind not in _LABEL_KINDS and token.kind != STRING:
            stream.fail_unexpected(token, "grouping opts", "label")
        stream.take()
        label = unquote(token.text) if token.kind == STRING else token.text
        if label == "" or not _is_utf8(label):
            stream.fail(f"invalid label name for grouping: {quote(label)}", token.start, token.end)
        return label

    def _modifiers(self) -> tuple[bool, VectorMatching | None]:
        """What may stand behind an operator: bool, on or ignoring, group_left or group_right, and fill values."""
        stream = self._stream
        returns_bool = stream.at("bool")
        if returns_bool:
            stream.take()
        kind = stream.kind
        if kind not in ("on", "ignoring"):
            return returns_bool, self._fill(Cardinality.ONE_TO_ONE, (), False, ())
        stream.take()
        labels = self._labels()
        cardinality, include = Cardinality.ONE_TO_ONE, ()
        if stream.kind in ("group_left", "group_right"):
            left = stream.take().kind == "group_left"
            cardinality = Cardinality.MANY_TO_ONE if left else Cardinality.ONE_TO_MANY
            include = self._labels() if stream.at("(") else ()
        return returns_bool, self._fill(cardinality, labels, kind == "on", include)

    def _fill(
        self, cardinality: Cardinality, labels: tuple[str, ...], on: bool, include: tuple[str, ...]
    ) -> VectorMatching | None:
        """The matching with the fill values that stand here; None for a plain operator."""
        stream = self._stream
        kind = stream.kind
        left = right = None
        if kind == "fill":
            left = right = self._fill_value()
        elif kind == "fill_left":
            left = self._fill_value()
            right = self._fill_value() if stream.at("fill_right") else None
        elif kind == "fill_right":
            right = self._fill_value()
            left = self._fill_value() if stream.at("fill_left") else None
        elif not (labels or on) and cardinality is Cardinality.ONE_TO_ONE:
            return None
        return VectorMatching(cardinality, labels, on, include, left, right)

    def _fill_value(self) -> float:
        stream = self._stream
        stream.take()
        stream.expect("(")
        negative = stream.at("-")
        if stream.kind in ("-", "+"):
            stream.take()
        value = stream.number().value
        stream.expect(")")
        return -value if negative else value

    def selector(self) -> VectorSelector:
        """A metric name, matchers in braces, or both."""
        stream = self._stream
        token = stream.peek()
        if token.kind == "{":
            matchers = self._matchers()
            return VectorSelector("", matchers, token.start, stream.last_end)
        if token.kind not in _METRIC_KINDS:
            raise Unexpected(token)
        stream.take()
        matchers = self._matchers() if stream.at("{") else ()
        named = Matcher(METRIC_NAME, MatchOp.EQUAL, token.text)
        return VectorSelector(token.text, (*matchers, named), token.start, stream.last_end)

    def _matchers(self) -> tuple[Matcher, ...]:
        stream = self._stream
        stream.take()
        matchers: list[Matcher] = []
        while not stream.at("}"):
            matchers.append(self._matcher())
            if stream.at(","):
                stream.take()
            elif not stream.at("}"):
                stream.fail_unexpected(stream.peek(), "label matching", '"," or "}"')
        stream.take()
        return tuple(matchers)

    def _matcher(self) -> Matcher:
        stream = self._stream
        name = stream.peek()
        if name.kind != IDENTIFIER and name.kind != STRING:
            stream.fail_unexpected(name, "label matching", 'identifier or "}"')
        stream.take()
        label = name.text if name.kind == IDENTIFIER else unquote(name.text)
        op = _MATCH_OPS.get(stream.kind)
        if op is None:
            if name.kind == STRING:
                return Matcher(METRIC_NAME, MatchOp.EQUAL, label)
            stream.fail_unexpected(stream.peek(), "label matching", "label matching operator")
        stream.take()
        value = stream.peek()
        if value.kind != STRING:
            stream.fail_unexpected(value, "label matching", "string")
        stream.take()
        try:
            return Matcher(label, op, unquote(value.text))
        except re2.error as error:
            stream.fail(f"error parsing regexp: {go_words(error.args[0])}", name.start, value.end)


def _signed(sign: Token, operand: Expr) -> Expr:
    if isinstance(operand, NumberLiteral):
        value = -operand.value if sign.kind == "-" else operand.value
        return NumberLiteral(value, sign.start, operand.end, operand.is_duration)
    return Unary(_OPERATORS[sign.kind], operand, sign.start)


def _binary(op: BinaryOp, left: Expr, right: Expr, matching: VectorMatching | None, returns_bool: bool) -> Binary:
    if left.type is ValueType.VECTOR and right.type is ValueType.VECTOR:
        matching = matching or _PLAIN
        if op.is_set and matching.cardinality is Cardinality.ONE_TO_ONE:
            matching = VectorMatching(
                Cardinality.MANY_TO_MANY,
                matching.labels,
                matching.on,
                matching.include,
                matching.fill_left,
                matching.fill_right,
            )
    elif matching is not None and not matching.labels and matching.fill_left is None and matching.fill_right is None:
        matching = None
    return Binary(op, left, right, matching, returns_bool)


_PLAIN: Final = VectorMatching()


def _is_utf8(label: str) -> bool:
    """Say whether the label is text, not bytes that are no UTF-8."""
    return not any("\ud800" <= c <= "\udfff" for c in label)
