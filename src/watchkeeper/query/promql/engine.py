"""The face of the room: a query's text in, columns out."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from watchkeeper.base.clock import Clock, SystemClock
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.model.symbols import Symbols
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.query.promql.ast import DurationExpr, Expr, MatrixSelector, Subquery, VectorSelector, walk
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.durations import bind
from watchkeeper.query.promql.evaluate import Evaluator
from watchkeeper.query.promql.failure import EvaluationFailure, WrongType
from watchkeeper.query.promql.merge import merged, names_removed
from watchkeeper.query.promql.options import Cancellation, EngineOptions
from watchkeeper.query.promql.order import sorted_rows
from watchkeeper.query.promql.parser import parse
from watchkeeper.query.promql.plan import Plan, plan, unwrapped
from watchkeeper.query.promql.printer import to_text
from watchkeeper.query.promql.ranges import raw_ranges
from watchkeeper.query.promql.result import Result, Statistics, Timings
from watchkeeper.query.promql.signatures import ValueType
from watchkeeper.query.promql.source import Source
from watchkeeper.query.promql.steps import Span, Steps
from watchkeeper.query.promql.symbols import QuerySymbols
from watchkeeper.query.promql.value import Scalar, Text, Value, Vector
from watchkeeper.query.promql.workers import Workers

_PARSED = 1024


class Engine:
    """Answers PromQL over a source. Safe for many threads; every call blocks until its answer is there."""

    def __init__(self, source: Source, options: EngineOptions | None = None, clock: Clock | None = None) -> None:
        self._source = source
        self._options = options or EngineOptions()
        self._clock = clock or SystemClock()
        self._workers = Workers(self._options.threads)
        self._parsed: OrderedDict[str, tuple[Expr, bool]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def options(self) -> EngineOptions:
        """The settings that hold where a query brings none of its own."""
        return self._options

    def use(self, options: EngineOptions) -> None:
        """Bound and evaluate queries so from the next one on; the number of threads stays."""
        self._options = options

    def close(self) -> None:
        """End the engine's threads."""
        self._workers.close()

    def instant(
        self,
        query: str | Expr,
        at_ms: int,
        *,
        tenant: str = DEFAULT_TENANT,
        lookback_ms: int | None = None,
        timeout_s: float | None = None,
        cancellation: Cancellation | None = None,
        per_step: bool = False,
        source: Source | None = None,
    ) -> Result:
        """The query's value at one instant. Raises PromqlFailure, and what the source raises.

        `per_step` asks for statistics; `source` answers instead of the engine's own.
        """
        return _Run(self, query, Span(at_ms, at_ms, 0), tenant, lookback_ms, timeout_s, cancellation, source).result(
            counting=per_step
        )

    def range(
        self,
        query: str | Expr,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        *,
        tenant: str = DEFAULT_TENANT,
        lookback_ms: int | None = None,
        timeout_s: float | None = None,
        cancellation: Cancellation | None = None,
        per_step: bool = False,
        source: Source | None = None,
    ) -> Result:
        """The query's values from `start_ms` to `end_ms` by `step_ms`. Raises as `instant` does."""
        if step_ms <= 0:
            raise EvaluationFailure("zero or negative query resolution step widths are not accepted")
        span = Span(start_ms, end_ms, step_ms)
        return _Run(self, query, span, tenant, lookback_ms, timeout_s, cancellation, source).result(
            counting=per_step, ranged=True
        )

    def selections(
        self, query: str, at_ms: int, *, tenant: str = DEFAULT_TENANT, lookback_ms: int | None = None
    ) -> list[Selection]:
        """What an instant query will read, as far as it is known before its evaluation. Raises PromqlFailure."""
        expr, dependent = self.parsed(query)
        if dependent:
            expr = bind(query, expr, start=at_ms, end=at_ms, step=0)
        span = Span(at_ms, at_ms, 0)
        return plan(expr, span, tenant, self._options, lookback_ms or self._options.lookback_ms).selections

    def parsed(self, query: str) -> tuple[Expr, bool]:
        """The checked tree of a text, and whether durations in it depend on the query; remembered by text."""
        with self._lock:
            known = self._parsed.get(query)
            if known is not None:
                self._parsed.move_to_end(query)
                return known
        expr = parse(query)
        made = (expr, _depends_on_query(expr))
        with self._lock:
            self._parsed[query] = made
            while len(self._parsed) > _PARSED:
                self._parsed.popitem(last=False)
        return made


def _depends_on_query(expr: Expr) -> bool:
    """Say whether some duration is an expression of the query's range or step."""
    for node in walk(expr):
        match node:
            case VectorSelector():
                durations = (node.offset,)
            case MatrixSelector():
                durations = (node.range, node.selector.offset)
            case Subquery():
                durations = (node.range, node.step, node.offset)
            case _:
                durations = ()
        if any(isinstance(duration, DurationExpr) for duration in durations):
            return True
    return False


class _Run:
    """One query from its text to its result."""

    def __init__(
        self,
        engine: Engine,
        query: str | Expr,
        span: Span,
        tenant: str,
        lookback_ms: int | None,
        timeout_s: float | None,
        cancellation: Cancellation | None,
        source: Source | None,
    ) -> None:
        self._engine = engine
        self._span = span
        self._options = engine.options
        self._clock = engine._clock
        self._began = self._clock.monotonic_s()
        self._tenant = tenant
        self._lookback_ms = lookback_ms or self._options.lookback_ms
        self._deadline = self._began + (timeout_s if timeout_s is not None else self._options.timeout_s)
        self._cancellation = cancellation
        self._source = source or engine._source
        if isinstance(query, str):
            self._text = query
            self._expr, dependent = engine.parsed(query)
        else:
            self._text, self._expr, dependent = to_text(query), query, True
        if dependent:
            self._expr = bind(self._text, self._expr, start=span.start, end=span.end, step=span.step)

    def result(self, *, counting: bool, ranged: bool = False) -> Result:
        """Plan, fetch, evaluate, and put in order."""
        try:
            return self._result(counting=counting, ranged=ranged)
        except RecursionError:
            raise EvaluationFailure("expression is nested too deeply") from None

    def _result(self, *, counting: bool, ranged: bool) -> Result:
        if ranged and self._expr.type not in (ValueType.VECTOR, ValueType.SCALAR):
            words = self._expr.type.words
            raise WrongType(f'invalid expression type "{words}" for range query, must be Scalar or instant Vector')
        made = plan(self._expr, self._span, self._tenant, self._options, self._lookback_ms)
        prepared = self._clock.monotonic_s()
        blocks = fetch(self._source, made)
        context = self._context(blocks, counting)
        for block in blocks:
            context.load(block.timestamps.size)
        fetched = self._clock.monotonic_s()
        context.check()
        with np.errstate(all="ignore"):
            answer = self._evaluated(context, made, blocks, ranged=ranged)
        done = self._clock.monotonic_s()
        per_step = context.per_step
        return replace(
            answer,
            warnings=context.annotations.warnings(self._text),
            infos=context.annotations.infos(self._text),
            statistics=Statistics(
                Timings(prepared - self._began, fetched - prepared, done - fetched),
                int(per_step.sum()) if per_step is not None else 0,
                context.peak,
                per_step,
            ),
        )

    def _context(self, blocks: Sequence[SeriesBlock], counting: bool) -> Context:
        steps = Steps.between(self._span.start, self._span.end, max(1, self._span.step))
        return Context(
            self._tenant,
            self._source,
            self._options,
            self._lookback_ms,
            self._clock,
            self._engine._workers,
            self._deadline,
            self._cancellation,
            QuerySymbols(blocks[0].frame.symbols if blocks else Symbols()),
            self._span,
            per_step=np.zeros(steps.count, dtype=np.int64) if counting else None,
        )

    def _evaluated(self, context: Context, made: Plan, blocks: Sequence[SeriesBlock], *, ranged: bool) -> Result:
        steps = Steps.between(self._span.start, self._span.end, max(1, self._span.step))
        evaluator = Evaluator(context, made, blocks)
        expr = unwrapped(made.expr)
        if isinstance(expr, (MatrixSelector, Subquery)):
            ranges = raw_ranges(context, evaluator.windows(expr, steps))
            empty = np.zeros((len(ranges.frame), 0))
            return Result(
                self._text, ValueType.MATRIX, ranges.frame, steps.array(), empty, empty.astype(np.bool_), None, ranges
            )
        value = evaluator.value(made.expr, steps)
        return self._settled(context, value, steps, ranged=ranged)

    def _settled(self, context: Context, value: Value, steps: Steps, *, ranged: bool) -> Result:
        times = steps.array()
        nothing = LabelFrame(context.symbols.base, (), np.zeros((0, 0), dtype=np.int32))
        if isinstance(value, Text):
            empty = np.zeros((0, steps.count))
            return Result(self._text, ValueType.STRING, nothing, times, empty, empty.astype(np.bool_), text=value.text)
        if isinstance(value, Scalar):
            row = context.row(value.values)
            frame = context.symbols.settled(row.frame)
            kind = ValueType.MATRIX if ranged else ValueType.SCALAR
            return Result(self._text, kind, frame, times, row.values, row.present)
        vector = merged(names_removed(value))
        rows = np.flatnonzero(vector.occupied().any(axis=1))
        if rows.size < len(vector.frame):
            vector = vector.take(rows)
        if ranged:
            vector = _ordered(context, vector)
        kind = ValueType.MATRIX if ranged else ValueType.VECTOR
        frame = context.symbols.settled(vector.frame)
        return Result(self._text, kind, frame, times, vector.values, vector.present, vector.histograms)


def _ordered(context: Context, vector: Vector) -> Vector:
    order = sorted_rows(context.symbols, vector.frame)
    return vector if order is None else vector.take(order)


def fetch(source: Source, made: Plan) -> list[SeriesBlock]:
    """The blocks of a plan's selections, equal ones fetched once."""
    distinct: dict[Selection, int] = {}
    for selection in made.selections:
        distinct.setdefault(selection, len(distinct))
    if not distinct:
        return []
    wanted = list(distinct)
    blocks = [source.select(wanted[0])] if len(wanted) == 1 else source.select_many(wanted)
    return [blocks[distinct[selection]] for selection in made.selections]
