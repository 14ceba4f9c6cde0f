"""A planned expression evaluated at all its steps, from the leaves upwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.samples import SeriesBlock
from watchkeeper.query.promql.aggregate import aggregate
from watchkeeper.query.promql.arithmetic import scalar_binary
from watchkeeper.query.promql.ast import (
    Aggregate,
    Binary,
    BinaryOp,
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
from watchkeeper.query.promql.binary import with_scalar
from watchkeeper.query.promql.call import Arguments, call
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.histograms_hints import settled
from watchkeeper.query.promql.matching import between_vectors
from watchkeeper.query.promql.plan import Plan, edges, subquery_steps, unwrapped
from watchkeeper.query.promql.selectors import as_samples, chosen, count_windows, select, windows
from watchkeeper.query.promql.signatures import ValueType
from watchkeeper.query.promql.smoothed import smoothed
from watchkeeper.query.promql.steps import Steps
from watchkeeper.query.promql.unary import negated
from watchkeeper.query.promql.value import Scalar, Text, Value, Vector, nothing
from watchkeeper.query.promql.windows import HistogramSamples, Windows, without_resets


class Evaluator:
    """Evaluates one plan over the blocks that its selections brought."""

    __slots__ = ("_blocks", "_context", "_plan")

    def __init__(self, context: Context, plan: Plan, blocks: Sequence[SeriesBlock]) -> None:
        self._context = context
        self._plan = plan
        self._blocks = blocks

    def value(self, expr: Expr, steps: Steps) -> Value:
        """What `expr` is at each of `steps`. Raises PromqlFailure."""
        self._context.check()
        if not steps.count and expr.type is ValueType.VECTOR:
            return nothing(self._context.symbols)
        if steps.count > 1 and self._plan.is_invariant(expr):
            with self._context.counted_at_every_step():
                return repeated(self._value(expr, steps.first), steps.count)
        return self._value(expr, steps)

    def vector(self, expr: Expr, steps: Steps) -> Vector:
        """The same of an expression that the checker found to be an instant vector."""
        value = self.value(expr, steps)
        assert isinstance(value, Vector)
        return value

    def scalar(self, expr: Expr, steps: Steps) -> NDArray[np.float64]:
        """The same of a scalar, shape (s,)."""
        value = self.value(expr, steps)
        assert isinstance(value, Scalar)
        return value.values

    def _value(self, expr: Expr, steps: Steps) -> Value:
        match expr:
            case NumberLiteral():
                return Scalar(np.full(steps.count, expr.value))
            case StringLiteral():
                return Text(expr.value)
            case VectorSelector():
                return self._selected(expr, steps)
            case Paren():
                return self.value(expr.expr, steps)
            case Unary():
                value = self.value(expr.expr, steps)
                return negated(self._context, value) if expr.op is BinaryOp.SUB else value
            case Binary():
                return self._binary(expr, steps)
            case Aggregate():
                return self._aggregate(expr, steps)
            case Call():
                return call(self._context, expr, _CallArguments(self, expr, steps))
            case MatrixSelector() | Subquery():
                raise AssertionError("a range vector stands only below a function, or at the top of an instant query")

    def block(self, selector: VectorSelector) -> SeriesBlock:
        """The samples that were fetched for a selector."""
        block = self._blocks[self._plan.leaves[id(selector)]]
        return settled(block) if id(selector) in self._plan.totals else block

    def _selected(self, selector: VectorSelector, steps: Steps) -> Vector:
        ends = self.ends(selector, steps)
        if selector.modifier is RangeModifier.SMOOTHED:
            vector = smoothed(self._context, self.block(selector), ends, selector)
        else:
            vector = select(self._context, self.block(selector), ends)
        self._held(vector)
        return vector

    def _held(self, vector: Vector) -> None:
        context = self._context
        if context.per_step is not None:
            context.count(np.count_nonzero(vector.occupied(), axis=0))
        context.hold(vector.values.size)

    def ends(self, selector: VectorSelector | Subquery, steps: Steps) -> NDArray[np.int64]:
        """The instants that a selector looks at from each of `steps`."""
        first, last = edges(selector.at, selector.offset, steps, self._plan.span)
        if selector.at is not None:
            return np.full(steps.count, first, dtype=np.int64)
        return Steps.between(first, last, steps.step).array()

    def sample_index(self, selector: VectorSelector, steps: Steps) -> tuple[Vector, NDArray[np.int64], SeriesBlock]:
        """A selector's series, the index of each cell's sample in the block (−1 for none), and the block."""
        block = self.block(selector)
        index = chosen(self._context, block, self.ends(selector, steps))
        n = len(block.frame)
        vector = Vector(
            self._context.symbols.adopted(block.frame),
            np.full(index.shape, np.nan),
            index >= 0,
            np.zeros(n, dtype=np.bool_),
        )
        self._held(vector)
        return vector, index, block

    def windows(self, expr: Expr, steps: Steps) -> Windows:
        """The windows of a range vector at each of `steps`."""
        expr = unwrapped(expr)
        if isinstance(expr, MatrixSelector):
            selector = expr.selector
            ends = self.ends(selector, steps)
            found = windows(self._context, self.block(selector), steps.array(), ends, expr)
        else:
            assert isinstance(expr, Subquery)
            found = self._subquery(expr, steps)
        count_windows(self._context, found)
        return found

    def _subquery(self, expr: Subquery, steps: Steps) -> Windows:
        assert isinstance(expr.range, int)
        context = self._context
        inner = subquery_steps(expr, steps, self._plan.span, context.options)
        vector = self._inner(expr, inner)
        floats, block = as_samples(vector, inner.array())
        histograms: HistogramSamples | None = None
        if block is not None:
            histograms = without_resets(block)
        return Windows(
            vector.frame,
            vector.nameless,
            floats,
            histograms,
            steps.array(),
            self.ends(expr, steps),
            expr.range,
            context.lookback_ms,
        )

    def _inner(self, expr: Subquery, inner: Steps) -> Vector:
        with self._context.uncounted():
            value = self.value(expr.expr, inner)
        assert isinstance(value, Vector)
        return value

    def _binary(self, expr: Binary, steps: Steps) -> Value:
        left, right = self.value(expr.left, steps), self.value(expr.right, steps)
        if isinstance(left, Scalar) and isinstance(right, Scalar):
            return Scalar(scalar_binary(expr.op, left.values, right.values))
        if isinstance(left, Vector) and isinstance(right, Vector):
            return between_vectors(self._context, expr, left, right)
        if isinstance(left, Vector) and isinstance(right, Scalar):
            return with_scalar(self._context, expr, left, right.values, swapped=False)
        assert isinstance(left, Scalar)
        assert isinstance(right, Vector)
        return with_scalar(self._context, expr, right, left.values, swapped=True)

    def _aggregate(self, expr: Aggregate, steps: Steps) -> Vector:
        parameter: NDArray[np.float64] | None = None
        if expr.parameter is not None and expr.parameter.type is ValueType.SCALAR:
            parameter = self.scalar(expr.parameter, steps)
        vector = self.vector(expr.expr, steps)
        return aggregate(self._context, expr, vector, parameter, steps)


class _CallArguments(Arguments):
    """A function's arguments, evaluated when the function asks for them."""

    __slots__ = ("_call", "_evaluator", "steps")

    def __init__(self, evaluator: Evaluator, call: Call, steps: Steps) -> None:
        self._evaluator = evaluator
        self._call = call
        self.steps = steps

    def vector(self, i: int) -> Vector:
        return self._evaluator.vector(self._call.args[i], self.steps)

    def scalar(self, i: int) -> NDArray[np.float64]:
        return self._evaluator.scalar(self._call.args[i], self.steps)

    def windows(self, i: int) -> Windows:
        return self._evaluator.windows(self._call.args[i], self.steps)

    def samples(self, i: int) -> tuple[Vector, NDArray[np.int64], SeriesBlock] | None:
        arg = unwrapped(self._call.args[i])
        if isinstance(arg, VectorSelector) and arg.modifier is None:
            return self._evaluator.sample_index(arg, self.steps)
        return None


def repeated(value: Value, count: int) -> Value:
    """A value at a single step as it is at `count` steps."""
    if isinstance(value, Text):
        return value
    if isinstance(value, Scalar):
        return Scalar(np.repeat(value.values, count))
    return Vector(
        value.frame,
        np.repeat(value.values, count, axis=1),
        np.repeat(value.present, count, axis=1),
        value.nameless,
        None if value.histograms is None else np.repeat(value.histograms, count, axis=1),
    )
