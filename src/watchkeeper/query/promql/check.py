"""Which expressions make sense: types of operands and arguments, and what selectors must contain."""

from __future__ import annotations

from typing import NoReturn

from watchkeeper.base.quoting import quote
from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql.ast import (
    Aggregate,
    AggregateOp,
    Binary,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from watchkeeper.query.promql.parse_failure import ParseFailure
from watchkeeper.query.promql.signatures import ValueType


def check(query: str, expr: Expr) -> None:
    """Raise ParseFailure, with Prometheus' words, at the first thing in `expr` that makes no sense."""
    _Check(query).check(expr)


class _Check:
    __slots__ = ("_query",)

    def __init__(self, query: str) -> None:
        self._query = query

    def check(self, expr: Expr) -> None:
        if isinstance(expr, VectorSelector):
            self._selector(expr)
        elif isinstance(expr, Call):
            self._call(expr)
        elif isinstance(expr, Binary):
            self._binary(expr)
        elif isinstance(expr, Aggregate):
            self._aggregate(expr)
        elif isinstance(expr, MatrixSelector):
            self._selector(expr.selector)
        elif isinstance(expr, Paren):
            self.check(expr.expr)
        elif isinstance(expr, Subquery):
            self._subquery(expr)
        elif isinstance(expr, Unary):
            self._unary(expr)
        else:
            assert isinstance(expr, NumberLiteral | StringLiteral)

    def _fail(self, message: str, expr: Expr) -> NoReturn:
        raise ParseFailure(self._query, message, expr.start, expr.end)

    def _fail_at_operator(self, message: str, expr: Binary) -> NoReturn:
        query, start, end = self._query, expr.left.end, expr.right.start
        while query[start] in " \t\r\n":
            start += 1
        raise ParseFailure(query, message, start, end)

    def _expect(self, expr: Expr, wanted: ValueType, context: str) -> None:
        self.check(expr)
        if expr.type is not wanted:
            self._fail(f"expected type {wanted.words} in {context}, got {expr.type.words}", expr)

    def _selector(self, expr: VectorSelector, *, may_be_empty: bool = False) -> None:
        if expr.name:
            for matcher in expr.matchers[:-1]:
                if matcher.name == METRIC_NAME:
                    names = f"{quote(expr.name)} or {quote(matcher.value)}"
                    self._fail(f"metric name must not be set twice: {names}", expr)
        elif not may_be_empty and all(matcher.matches_empty for matcher in expr.matchers):
            self._fail("vector selector must contain at least one non-empty matcher", expr)

    def _subquery(self, expr: Subquery) -> None:
        self.check(expr.expr)
        if expr.expr.type is not ValueType.VECTOR:
            self._fail(f"subquery is only allowed on instant vector, got {expr.expr.type} instead", expr)

    def _unary(self, expr: Unary) -> None:
        self.check(expr.expr)
        if expr.type not in (ValueType.SCALAR, ValueType.VECTOR):
            got = quote(expr.type.words)
            self._fail(
                f"unary expression only allowed on expressions of type scalar or instant vector, got {got}", expr
            )

    def _aggregate(self, expr: Aggregate) -> None:
        self._expect(expr.expr, ValueType.VECTOR, "aggregation expression")
        if expr.parameter is not None:
            wanted = ValueType.STRING if expr.op is AggregateOp.COUNT_VALUES else ValueType.SCALAR
            self._expect(expr.parameter, wanted, "aggregation parameter")

    def _binary(self, expr: Binary) -> None:
        left, right = expr.left, expr.right
        self.check(left)
        self.check(right)
        if expr.returns_bool and not expr.op.is_comparison:
            self._fail_at_operator("bool modifier can only be used on comparison operators", expr)
        if expr.op.is_comparison and not expr.returns_bool and expr.type is ValueType.SCALAR:
            self._fail_at_operator("comparisons between scalars must use BOOL modifier", expr)
        matching = expr.matching
        if matching is not None and matching.on:
            for label in matching.labels:
                if label in matching.include:
                    self._fail_at_operator(f"label {quote(label)} must not occur in ON and GROUP clause at once", expr)
        for operand in (left, right):
            if operand.type not in (ValueType.SCALAR, ValueType.VECTOR):
                self._fail("binary expression must contain only scalar and instant vector types", operand)
        if left.type is ValueType.VECTOR and right.type is ValueType.VECTOR:
            self._between_vectors(expr)
        else:
            self._with_a_scalar(expr)

    def _between_vectors(self, expr: Binary) -> None:
        matching = expr.matching
        if not expr.op.is_set or matching is None:
            return
        if matching.cardinality is not Cardinality.MANY_TO_MANY:
            self._fail(f"no grouping allowed for {quote(expr.op)} operation", expr)
        if matching.fill_left is not None or matching.fill_right is not None:
            self._fail("filling in missing series not allowed for set operators", expr)

    def _with_a_scalar(self, expr: Binary) -> None:
        matching = expr.matching
        if matching is not None:
            if matching.labels:
                self._fail("vector matching only allowed between instant vectors", expr)
            if matching.fill_left is not None or matching.fill_right is not None:
                self._fail("filling in missing series only allowed between instant vectors", expr)
        if expr.op.is_set:
            self._fail(f"set operator {quote(expr.op)} not allowed in binary scalar expression", expr)

    def _call(self, expr: Call) -> None:
        signature, given = expr.function, len(expr.args)
        wanted, name = len(signature.args), quote(signature.name)
        if signature.variadic == 0:
            if given != wanted:
                self._fail(f"expected {wanted} argument(s) in call to {name}, got {given}", expr)
        elif given < wanted - 1:
            self._fail(f"expected at least {wanted - 1} argument(s) in call to {name}, got {given}", expr)
        elif signature.variadic > 0 and wanted - 1 + signature.variadic < given:
            most = wanted - 1 + signature.variadic
            self._fail(f"expected at most {most} argument(s) in call to {name}, got {given}", expr)
        for i, arg in enumerate(expr.args):
            if i == 1 and signature.name == "info":
                self._info_labels(expr, arg)
            else:
                self._expect(arg, signature.args[min(i, wanted - 1)], f"call to function {name}")

    def _info_labels(self, call: Call, arg: Expr) -> None:
        """The second argument of `info` chooses labels: a selector without a metric name, which may be empty."""
        if arg.type is not ValueType.VECTOR:
            self._fail(f'expected type instant vector in call to function "info", got {arg.type.words}', call)
        if not isinstance(arg, VectorSelector):
            self._fail("expected label selectors only", arg)
        if arg.name:
            self._fail("expected label selectors only, got vector selector instead", arg)
        self._selector(arg, may_be_empty=True)
