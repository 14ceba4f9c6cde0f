"""Trees as text: the canonical line, and the form over several lines that people like to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from watchkeeper.base.duration import format_duration
from watchkeeper.base.quoting import quote
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.query.promql.ast import (
    Aggregate,
    At,
    AtEdge,
    Binary,
    Call,
    Cardinality,
    Duration,
    DurationExpr,
    DurationOp,
    DurationTerm,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)
from watchkeeper.query.promql.numerals import format_plain

_PLAIN_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_PLAIN_GROUPING = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LONGEST_LINE = 100


def to_text(expr: Expr) -> str:
    """The expression in one line, as Prometheus prints it; parsing it gives the same expression again."""
    match expr:
        case NumberLiteral():
            return _number(expr)
        case StringLiteral():
            return quote(expr.value)
        case VectorSelector():
            return _selector(expr) + _edges(expr) + _time(expr.at, expr.offset)
        case MatrixSelector():
            inner = expr.selector
            span = _duration(expr.range)
            return f"{_selector(inner)}[{span}]{_edges(inner)}{_time(inner.at, inner.offset)}"
        case Subquery():
            return to_text(expr.expr) + _subquery_suffix(expr)
        case Paren():
            return f"({to_text(expr.expr)})"
        case Unary():
            return f"{expr.op}{to_text(expr.expr)}"
        case Binary():
            return _binary(expr)
        case Aggregate():
            parameter = "" if expr.parameter is None else to_text(expr.parameter) + ", "
            return f"{_aggregate_head(expr)}({parameter}{to_text(expr.expr)})"
        case Call():
            return f"{expr.function.name}({', '.join(map(to_text, expr.args))})"


def to_pretty(expr: Expr, level: int = 0) -> str:
    """The expression with what is longer than 100 bytes spread over indented lines, as Prometheus formats queries."""
    line = to_text(expr)
    indent = "  " * level
    if isinstance(expr, Unary):
        return f"{indent}{expr.op}{to_pretty(expr.expr, level).strip()}"
    if isinstance(expr, Subquery):
        # Prometheus indents a subquery only where it spreads it.
        spread = _is_long(line)
        return to_pretty(expr.expr, level) + _subquery_suffix(expr) if spread else line
    if not _is_long(line):
        return indent + line
    match expr:
        case Binary():
            operator = f"{expr.op}{_modifiers(expr)}"
            left, right = to_pretty(expr.left, level + 1), to_pretty(expr.right, level + 1)
            return f"{left}\n{indent}{operator}\n{right}"
        case Aggregate():
            parameter = "" if expr.parameter is None else to_pretty(expr.parameter, level + 1) + ",\n"
            return f"{indent}{_aggregate_head(expr)}(\n{parameter}{to_pretty(expr.expr, level + 1)}\n{indent})"
        case Call():
            args = ",\n".join(to_pretty(arg, level + 1) for arg in expr.args)
            return f"{indent}{expr.function.name}(\n{args}\n{indent})"
        case Paren():
            return f"{indent}(\n{to_pretty(expr.expr, level + 1)}\n{indent})"
        case _:
            return indent + line


def labels_text(labels: Labels) -> str:
    """A series as Prometheus writes it: `name{a="b", c="d"}`."""
    name = labels.get(METRIC_NAME, "")
    plain = _PLAIN_GROUPING.fullmatch(name) is not None
    pairs = [(n, v) for n, v in labels.pairs if n != METRIC_NAME or not plain]
    inside = ", ".join(f"{_name(n)}={quote(v)}" for n, v in pairs)
    return (name if plain else "") + (f"{{{inside}}}" if pairs or not plain else "")


def _is_long(line: str) -> bool:
    return len(line.encode("utf-8", "surrogateescape")) > _LONGEST_LINE


def _number(number: NumberLiteral) -> str:
    if not number.is_duration:
        return format_plain(number.value)
    return _milliseconds(round(number.value * 1000))


def _milliseconds(ms: int) -> str:
    return f"-{format_duration(-ms)}" if ms < 0 else format_duration(ms)


def _binary(expr: Binary) -> str:
    """A chain of operators is printed without recursion down its left side, which may be long."""
    parts: list[str] = []
    node: Expr = expr
    while isinstance(node, Binary):
        parts.append(f" {node.op}{_modifiers(node)} {to_text(node.right)}")
        node = node.left
    parts.append(to_text(node))
    return "".join(reversed(parts))


def _modifiers(expr: Binary) -> str:
    return (" bool" if expr.returns_bool else "") + (_matching(expr.matching) if expr.matching else "")


def _matching(matching: VectorMatching) -> str:
    return "".join(_matching_parts(matching))


def _matching_parts(matching: VectorMatching) -> Iterator[str]:
    grouped = matching.cardinality in (Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY)
    if matching.labels or matching.on or grouped:
        yield f" {'on' if matching.on else 'ignoring'} ({_names(matching.labels)})"
    if grouped:
        side = "left" if matching.cardinality is Cardinality.MANY_TO_ONE else "right"
        yield f" group_{side} ({_names(matching.include)})"
    left, right = matching.fill_left, matching.fill_right
    if left is not None and right is not None and format_plain(left) == format_plain(right):
        yield f" fill ({format_plain(left)})"
        return
    if left is not None:
        yield f" fill_left ({format_plain(left)})"
    if right is not None:
        yield f" fill_right ({format_plain(right)})"


def _aggregate_head(expr: Aggregate) -> str:
    if expr.without:
        return f"{expr.op} without ({_names(expr.grouping)}) "
    return f"{expr.op} by ({_names(expr.grouping)}) " if expr.grouping else str(expr.op)


def _names(names: Iterable[str]) -> str:
    return ", ".join(name if _PLAIN_GROUPING.fullmatch(name) else quote(name) for name in names)


def _name(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else quote(name)


def _selector(expr: VectorSelector) -> str:
    matchers = [_matcher(m) for m in expr.matchers if not _is_name(m, expr.name)]
    if not matchers:
        return expr.name or "{}"
    return f"{expr.name}{{{','.join(sorted(matchers))}}}"


def _is_name(matcher: Matcher, name: str) -> bool:
    return matcher.name == METRIC_NAME and matcher.op is MatchOp.EQUAL and matcher.value == name != ""


def _matcher(matcher: Matcher) -> str:
    return f"{_name(matcher.name)}{matcher.op}{quote(matcher.value)}"


def _edges(expr: VectorSelector) -> str:
    return f" {expr.modifier}" if expr.modifier else ""


def _subquery_suffix(expr: Subquery) -> str:
    step = "" if expr.step == 0 else _duration(expr.step)
    return f"[{_duration(expr.range)}:{step}]{_time(expr.at, expr.offset)}"


def _time(at: At, offset: Duration) -> str:
    """The modifiers @ and offset, where they are set."""
    if isinstance(at, AtEdge):
        when = f" @ {at}()"
    else:
        when = "" if at is None else f" @ {'-' if at < 0 else ''}{abs(at) // 1000}.{abs(at) % 1000:03d}"
    return when if offset == 0 else f"{when} offset {_duration(offset)}"


def _duration(duration: Duration) -> str:
    return _milliseconds(duration) if isinstance(duration, int) else _term(duration)


def _term(term: DurationTerm) -> str:
    if isinstance(term, NumberLiteral):
        return _number(term)
    text = _operation(term)
    return f"({text})" if term.parenthesised else text


def _operation(term: DurationExpr) -> str:
    if term.right is None:
        return f"{term.op}()"
    if term.left is None:
        return f"{term.op}{_term(term.right)}"
    left, right = _term(term.left), _term(term.right)
    if term.op in (DurationOp.MIN, DurationOp.MAX):
        return f"{term.op}({left}, {right})"
    return f"{left} {term.op} {right}"
