"""Trees as the JSON values that Prometheus' /api/v1/parse_query answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from watchkeeper.model.matcher import Matcher
from watchkeeper.query.promql.ast import (
    Aggregate,
    At,
    AtEdge,
    Binary,
    Call,
    Duration,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    RangeModifier,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)
from watchkeeper.query.promql.numerals import format_plain

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None


def tree_json(expr: Expr) -> dict[str, Json]:
    """One node and everything below it; durations and times in ms, a duration expression counts as 0."""
    match expr:
        case NumberLiteral():
            return {"type": "numberLiteral", "val": format_plain(expr.value)}
        case StringLiteral():
            return {"type": "stringLiteral", "val": _unicode(expr.value)}
        case VectorSelector():
            return {"type": "vectorSelector", **_selector(expr)}
        case MatrixSelector():
            return {"type": "matrixSelector", **_selector(expr.selector), "range": _ms(expr.range)}
        case Subquery():
            return _subquery(expr)
        case Paren():
            return {"type": "parenExpr", "expr": tree_json(expr.expr)}
        case Unary():
            return {"type": "unaryExpr", "op": expr.op.value, "expr": tree_json(expr.expr)}
        case Binary():
            return _binary(expr)
        case Aggregate():
            return _aggregate(expr)
        case Call():
            return _call(expr)


def _selector(expr: VectorSelector) -> dict[str, Json]:
    return {
        "name": expr.name,
        "offset": _ms(expr.offset),
        "matchers": _matchers(expr.matchers),
        **_at(expr.at),
        "anchored": expr.modifier is RangeModifier.ANCHORED,
        "smoothed": expr.modifier is RangeModifier.SMOOTHED,
    }


def _subquery(expr: Subquery) -> dict[str, Json]:
    return {
        "type": "subquery",
        "expr": tree_json(expr.expr),
        "range": _ms(expr.range),
        "offset": _ms(expr.offset),
        "step": _ms(expr.step),
        **_at(expr.at),
    }


def _binary(expr: Binary) -> dict[str, Json]:
    return {
        "type": "binaryExpr",
        "op": expr.op.value,
        "lhs": tree_json(expr.left),
        "rhs": tree_json(expr.right),
        "matching": _matching(expr.matching) if expr.matching else None,
        "bool": expr.returns_bool,
    }


def _matching(matching: VectorMatching) -> dict[str, Json]:
    return {
        "card": matching.cardinality.value,
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        "fillValues": {"lhs": matching.fill_left, "rhs": matching.fill_right},
    }


def _aggregate(expr: Aggregate) -> dict[str, Json]:
    return {
        "type": "aggregation",
        "op": expr.op.value,
        "expr": tree_json(expr.expr),
        "param": None if expr.parameter is None else tree_json(expr.parameter),
        "grouping": list(expr.grouping),
        "without": expr.without,
    }


def _call(expr: Call) -> dict[str, Json]:
    signature = expr.function
    return {
        "type": "call",
        "func": {
            "name": signature.name,
            "argTypes": [arg.value for arg in signature.args],
            "variadic": signature.variadic,
            "returnType": signature.returns.value,
        },
        "args": [tree_json(arg) for arg in expr.args],
    }


def _matchers(matchers: Iterable[Matcher]) -> list[Json]:
    return [{"name": _unicode(m.name), "value": _unicode(m.value), "type": m.op.value} for m in matchers]


def _unicode(text: str) -> str:
    """`text` as JSON can carry it: a byte that is no UTF-8 becomes U+FFFD."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _at(at: At) -> dict[str, Json]:
    edge = at.value if isinstance(at, AtEdge) else None
    return {"timestamp": None if isinstance(at, AtEdge) else at, "startOrEnd": edge}


def _ms(duration: Duration) -> int:
    return duration if isinstance(duration, int) else 0
