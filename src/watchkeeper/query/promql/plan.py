"""Before evaluating: which leaves to fetch, over which time, and which parts do not change from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field

from watchkeeper.model.samples import Selection
from watchkeeper.query.promql.ast import (
    Aggregate,
    At,
    AtEdge,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    RangeModifier,
    StringLiteral,
    Subquery,
    Unary,
    VectorSelector,
)
from watchkeeper.query.promql.histograms_hints import added_up_for_totals
from watchkeeper.query.promql.options import EngineOptions
from watchkeeper.query.promql.steps import Span, Steps

_STEP_DEPENDENT = frozenset(
    {"days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour", "minute", "month", "year"}
    | {"end", "start", "step", "range", "time", "predict_linear", "timestamp"}
)
"""Functions whose result depends on the evaluation time whatever their arguments are."""


@dataclass(slots=True)
class Plan:
    """A bound expression with its leaves' selections (by the selector's identity) and its invariant parts.

    `totals` are the selectors whose histograms are added up for their counts and sums alone.
    """

    expr: Expr
    span: Span
    invariant: set[int] = field(default_factory=set[int])
    selections: list[Selection] = field(default_factory=list[Selection])
    leaves: dict[int, int] = field(default_factory=dict[int, int])
    totals: frozenset[int] = frozenset()

    def is_invariant(self, expr: Expr) -> bool:
        """Say whether `expr` is to be evaluated at one step and repeated."""
        return id(expr) in self.invariant


def plan(expr: Expr, span: Span, tenant: str, options: EngineOptions, lookback_ms: int) -> Plan:
    """The plan of a bound expression over the query's steps."""
    made = Plan(expr, span, totals=added_up_for_totals(expr))
    invariant, wrap = _mark(expr, made.invariant)
    if invariant and wrap:
        made.invariant.add(id(expr))
    steps = Steps.between(span.start, span.end, max(1, span.step))
    _Leaves(made, tenant, options, lookback_ms).collect(expr, steps)
    return made


def unwrapped(expr: Expr) -> Expr:
    """`expr` without the parentheses around it."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr


def _mark(expr: Expr, invariant: set[int]) -> tuple[bool, bool]:
    """Note the largest parts below `expr` that no step changes; say whether `expr` is one, and is worth noting."""
    match expr:
        case NumberLiteral() | StringLiteral():
            return True, False
        case VectorSelector():
            return expr.at is not None, expr.at is not None
        case MatrixSelector():
            return expr.selector.at is not None, False
        case Subquery():
            if _mark(expr.expr, invariant)[0]:
                invariant.add(id(expr.expr))
            return expr.at is not None, False
        case Paren() | Unary() | Aggregate():
            return _mark(expr.expr, invariant)
        case Binary():
            return _mark_all((expr.left, expr.right), invariant, True)
        case Call():
            return _mark_all(expr.args, invariant, expr.function.name not in _STEP_DEPENDENT)


def _mark_all(parts: tuple[Expr, ...], invariant: set[int], stable: bool) -> tuple[bool, bool]:
    marks = [_mark(part, invariant) for part in parts]
    if stable and all(same for same, _ in marks):
        return True, True
    invariant.update(id(part) for part, (_, wrap) in zip(parts, marks, strict=True) if wrap)
    return False, False


class _Leaves:
    """Walks an expression with the steps at which each part is evaluated, and notes what its selectors need."""

    __slots__ = ("_lookback_ms", "_options", "_plan", "_tenant")

    def __init__(self, made: Plan, tenant: str, options: EngineOptions, lookback_ms: int) -> None:
        self._plan = made
        self._tenant = tenant
        self._options = options
        self._lookback_ms = lookback_ms

    def collect(self, expr: Expr, steps: Steps) -> None:
        """Note the leaves of `expr`, evaluated at `steps`."""
        if not steps.count:
            return
        if self._plan.is_invariant(expr):
            steps = steps.first
        match expr:
            case VectorSelector():
                self._instant(expr, steps)
            case MatrixSelector():
                self._range(expr, steps)
            case Subquery():
                self.collect(expr.expr, subquery_steps(expr, steps, self._plan.span, self._options))
            case Paren() | Unary():
                self.collect(expr.expr, steps)
            case Binary():
                self.collect(expr.left, steps)
                self.collect(expr.right, steps)
            case Aggregate():
                if expr.parameter is not None:
                    self.collect(expr.parameter, steps)
                self.collect(expr.expr, steps)
            case Call():
                self._call(expr, steps)
            case NumberLiteral() | StringLiteral():
                pass

    def _call(self, expr: Call, steps: Steps) -> None:
        args = expr.args[:1] if expr.function.name == "info" else expr.args
        for arg in args:
            selector = unwrapped(arg)
            if expr.function.name == "start_timestamp" and isinstance(selector, VectorSelector):
                self._instant(selector, steps, with_starts=True)
            else:
                self.collect(arg, steps)

    def _instant(self, selector: VectorSelector, steps: Steps, *, with_starts: bool = False) -> None:
        first, last = edges(selector.at, selector.offset, steps, self._plan.span)
        smoothed = selector.modifier is RangeModifier.SMOOTHED
        # One instant needs one sample a series, unless what comes before it tells something about it.
        newest_only = first == last and not smoothed and not with_starts and id(selector) not in self._plan.totals
        ahead = self._lookback_ms if smoothed else 0
        self._select(selector, first - self._lookback_ms + 1, last + ahead, newest_only=newest_only)

    def _range(self, matrix: MatrixSelector, steps: Steps) -> None:
        selector = matrix.selector
        first, last = edges(selector.at, selector.offset, steps, self._plan.span)
        behind = matrix.range if isinstance(matrix.range, int) else 0
        if selector.modifier is not None:
            behind += self._lookback_ms
        ahead = self._lookback_ms if selector.modifier is RangeModifier.SMOOTHED else 0
        self._select(selector, first - behind + 1, last + ahead)

    def _select(self, selector: VectorSelector, start: int, end: int, *, newest_only: bool = False) -> None:
        selection = Selection(self._tenant, selector.matchers, start, end, newest_only)
        self._plan.leaves[id(selector)] = len(self._plan.selections)
        self._plan.selections.append(selection)


def edges(at: At, offset: object, steps: Steps, span: Span) -> tuple[int, int]:
    """The first and the last instant that a selector with these modifiers looks at (ms)."""
    back = offset if isinstance(offset, int) else 0
    if at is None:
        return steps.start - back, steps.end - back
    fixed = {AtEdge.START: span.start, AtEdge.END: span.end}[at] if isinstance(at, AtEdge) else at
    return fixed - back, fixed - back


def subquery_steps(subquery: Subquery, steps: Steps, span: Span, options: EngineOptions) -> Steps:
    """The steps of a subquery's inner expression: multiples of its own step in (first − range, last]."""
    first, last = edges(subquery.at, subquery.offset, steps, span)
    reach = subquery.range if isinstance(subquery.range, int) else 0
    step = subquery.step if isinstance(subquery.step, int) and subquery.step > 0 else options.default_step_ms
    start = ((first - reach) // step + 1) * step
    return Steps.between(start, last, step)
