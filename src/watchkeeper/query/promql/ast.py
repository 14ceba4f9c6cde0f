"""The tree of a PromQL expression: frozen values that know where in the query they stand.

`start` and `end` are character offsets into the query text, `end` outside. Durations are whole milliseconds (int) where
the query says a constant and a `DurationExpr` where they depend on the query's range or step; `durations.bind` replaces
every `DurationExpr` by milliseconds before evaluation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from watchkeeper.model.matcher import Matcher
from watchkeeper.query.promql.signatures import Signature, ValueType


class BinaryOp(StrEnum):
    """Operators between two expressions, as they are written."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    POW = "^"
    ATAN2 = "atan2"
    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    AND = "and"
    OR = "or"
    UNLESS = "unless"
    TRIM_UPPER = "</"
    TRIM_LOWER = ">/"

    @property
    def is_comparison(self) -> bool:
        """Say whether it filters, or with `bool` answers 0 or 1."""
        return self in _COMPARISONS

    @property
    def is_set(self) -> bool:
        """Say whether it is `and`, `or` or `unless`."""
        return self in _SETS


_COMPARISONS = frozenset({BinaryOp.EQ, BinaryOp.NE, BinaryOp.LT, BinaryOp.LE, BinaryOp.GT, BinaryOp.GE})
_SETS = frozenset({BinaryOp.AND, BinaryOp.OR, BinaryOp.UNLESS})


class AggregateOp(StrEnum):
    """Aggregations over the series of an instant vector."""

    SUM = "sum"
    AVG = "avg"
    COUNT = "count"
    MIN = "min"
    MAX = "max"
    GROUP = "group"
    STDDEV = "stddev"
    STDVAR = "stdvar"
    TOPK = "topk"
    BOTTOMK = "bottomk"
    COUNT_VALUES = "count_values"
    QUANTILE = "quantile"
    LIMITK = "limitk"
    LIMIT_RATIO = "limit_ratio"

    @property
    def takes_parameter(self) -> bool:
        """Say whether a parameter stands before the vector."""
        return self in _PARAMETRISED


_PARAMETRISED = frozenset(
    {
        AggregateOp.TOPK,
        AggregateOp.BOTTOMK,
        AggregateOp.COUNT_VALUES,
        AggregateOp.QUANTILE,
        AggregateOp.LIMITK,
        AggregateOp.LIMIT_RATIO,
    }
)


class AtEdge(StrEnum):
    """`@ start()` and `@ end()`."""

    START = "start"
    END = "end"


class RangeModifier(StrEnum):
    """How a selector treats the edges of its range."""

    ANCHORED = "anchored"
    SMOOTHED = "smoothed"


class Cardinality(StrEnum):
    """How many series of either side may share a signature."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


class DurationOp(StrEnum):
    """Operators and functions inside a duration expression."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    DIV = "/"
    MOD = "%"
    POW = "^"
    STEP = "step"
    RANGE = "range"
    MIN = "min_of"
    MAX = "max_of"


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number; `is_duration` says that it was written as one (`5m`, worth 300)."""

    value: float
    start: int
    end: int
    is_duration: bool = False

    @property
    def type(self) -> ValueType:
        """Scalar."""
        return ValueType.SCALAR


@dataclass(frozen=True, slots=True)
class DurationExpr:
    """Arithmetic over durations in seconds; `step()` and `range()` have no operands, signs only `right`."""

    op: DurationOp
    left: DurationTerm | None
    right: DurationTerm | None
    start: int
    end: int
    parenthesised: bool = False


DurationTerm: TypeAlias = NumberLiteral | DurationExpr
Duration: TypeAlias = int | DurationExpr
At: TypeAlias = int | AtEdge | None


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A string, unquoted."""

    value: str
    start: int
    end: int

    @property
    def type(self) -> ValueType:
        """String."""
        return ValueType.STRING


@dataclass(frozen=True, slots=True)
class VectorSelector:
    """Series by their matchers; a metric name is among `matchers`, as the last one, and in `name` if it stands outside.

    `at` in ms; a positive `offset` looks into the past.
    """

    name: str
    matchers: tuple[Matcher, ...]
    start: int
    end: int
    offset: Duration = 0
    at: At = None
    modifier: RangeModifier | None = None

    @property
    def type(self) -> ValueType:
        """Instant vector."""
        return ValueType.VECTOR


@dataclass(frozen=True, slots=True)
class MatrixSelector:
    """`selector[range]`."""

    selector: VectorSelector
    range: Duration
    end: int

    @property
    def start(self) -> int:
        """Where the selector starts."""
        return self.selector.start

    @property
    def type(self) -> ValueType:
        """Range vector."""
        return ValueType.MATRIX


@dataclass(frozen=True, slots=True)
class Subquery:
    """`expr[range:step]`; a step of 0 stands for the default evaluation interval."""

    expr: Expr
    range: Duration
    step: Duration
    end: int
    offset: Duration = 0
    at: At = None

    @property
    def start(self) -> int:
        """Where the inner expression starts."""
        return self.expr.start

    @property
    def type(self) -> ValueType:
        """Range vector."""
        return ValueType.MATRIX


@dataclass(frozen=True, slots=True)
class Paren:
    """An expression in parentheses."""

    expr: Expr
    start: int
    end: int

    @property
    def type(self) -> ValueType:
        """That of the inner expression."""
        return self.expr.type


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before an expression; a sign before a number belongs to the number."""

    op: BinaryOp
    expr: Expr
    start: int

    @property
    def end(self) -> int:
        """Where the signed expression ends."""
        return self.expr.end

    @property
    def type(self) -> ValueType:
        """That of the signed expression."""
        return self.expr.type


@dataclass(frozen=True, slots=True)
class VectorMatching:
    """How the series of two vectors find each other; `on` includes `labels`, otherwise they are ignored.

    `include` are labels that the «many» side takes from the «one» side. A fill value stands in for a series that one
    side lacks.
    """

    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    labels: tuple[str, ...] = ()
    on: bool = False
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two expressions; `matching` is None unless both are vectors.

    Its type is scalar if both operands are, an instant vector otherwise.
    """

    op: BinaryOp
    left: Expr
    right: Expr
    matching: VectorMatching | None = None
    returns_bool: bool = False
    start: int = field(init=False)
    end: int = field(init=False)
    type: ValueType = field(init=False)

    def __post_init__(self) -> None:
        # Kept, because asking a long chain of operators for them would walk it each time.
        left, right = self.left, self.right
        scalar = left.type is ValueType.SCALAR and right.type is ValueType.SCALAR
        object.__setattr__(self, "start", left.start)
        object.__setattr__(self, "end", right.end)
        object.__setattr__(self, "type", ValueType.SCALAR if scalar else ValueType.VECTOR)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregation `by` labels, or `without` them."""

    op: AggregateOp
    expr: Expr
    parameter: Expr | None
    grouping: tuple[str, ...]
    without: bool
    start: int
    end: int

    @property
    def type(self) -> ValueType:
        """Instant vector."""
        return ValueType.VECTOR


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `function.name` is the function's name."""

    function: Signature
    args: tuple[Expr, ...]
    start: int
    end: int

    @property
    def type(self) -> ValueType:
        """What the function returns."""
        return self.function.returns


Expr: TypeAlias = (
    NumberLiteral
    | StringLiteral
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Paren
    | Unary
    | Binary
    | Aggregate
    | Call
)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly below `expr`, in the order in which they are written."""
    match expr:
        case NumberLiteral() | StringLiteral() | VectorSelector():
            return ()
        case MatrixSelector():
            return (expr.selector,)
        case Subquery() | Paren() | Unary():
            return (expr.expr,)
        case Binary():
            return (expr.left, expr.right)
        case Aggregate():
            return (expr.expr,) if expr.parameter is None else (expr.parameter, expr.expr)
        case Call():
            return expr.args


def walk(expr: Expr) -> Iterator[Expr]:
    """`expr` and everything below it, parents first."""
    pending = [expr]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(children(node)))
