"""A rule's expression at many instants at once, or at fewer where it must be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import Labels
from watchkeeper.query.promql import (
    Cancellation,
    Engine,
    PromqlFailure,
    QueryCancelled,
    QueryTimedOut,
    Result,
    Source,
    ValueType,
    VectorSelector,
    walk,
)
from watchkeeper.query.promql.ast import AtEdge, Expr, Subquery
from watchkeeper.query.promql.value import occupied
from watchkeeper.rules.expansion import Sample
from watchkeeper.store.failure import StoreFailure
from watchkeeper.template.failure import FunctionFailure

NO_VECTOR = "rule result is not a vector or scalar"


@dataclass(frozen=True, slots=True)
class Piece:
    """What an expression gave at some evaluations, as of `instants` (ms, shape (s,)).

    Where every one of them failed, `failure` says why and `result` is None.
    """

    instants: NDArray[np.int64]
    result: Result | None
    failure: str = ""

    def labels(self) -> list[Labels]:
        """The labels of each series."""
        assert self.result is not None
        return [self.result.frame.labels(row) for row in range(len(self.result))]

    def occupied(self) -> NDArray[np.bool_]:
        """Where there is a sample, shape (n, s)."""
        assert self.result is not None
        result = self.result
        return result.present if result.histograms is None else result.present | occupied(result.histograms)

    def value(self, row: int, step: int) -> float | str:
        """A float, or a native histogram as text."""
        assert self.result is not None
        if self.result.histograms is not None and (found := self.result.histograms[row, step]) is not None:
            return str(found)
        return float(self.result.values[row, step])


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks in the name of one group: `offset_ms` before the instants of its evaluations."""

    engine: Engine
    source: Source
    tenant: str
    offset_ms: int
    cancellation: Cancellation

    def pieces(self, query: str, instants: NDArray[np.int64]) -> Iterator[Piece]:
        """The expression at evenly spaced instants, in order, in as many pieces as failures and limits make of it.

        An instant at which the expression fails is a piece of its own. Raises QueryCancelled, QueryTimedOut and
        StoreFailure, which say nothing about the past.
        """
        expr, dependent = self.engine.parsed(query)
        if expr.type not in (ValueType.VECTOR, ValueType.SCALAR):
            yield Piece(instants, None, NO_VECTOR)
        elif dependent or _sees_its_range(expr):
            for i in range(instants.size):
                yield from self._tried(query, instants[i : i + 1])
        else:
            yield from self._tried(query, instants)

    def samples(self, query: str, at: int) -> list[Sample]:
        """What the `query` function of templates gives. Raises FunctionFailure."""
        try:
            result = self._instant(query, at)
        except QueryCancelled:
            raise
        except (PromqlFailure, StoreFailure) as why:
            raise FunctionFailure(str(why)) from None
        if result.kind not in (ValueType.VECTOR, ValueType.SCALAR):
            raise FunctionFailure(NO_VECTOR)
        piece = Piece(np.array([at], dtype=np.int64), result)
        return [Sample(labels, piece.value(row, 0)) for row, labels in enumerate(piece.labels())]

    def _tried(self, query: str, instants: NDArray[np.int64]) -> Iterator[Piece]:
        pending = [instants]
        while pending:
            some = pending.pop()
            try:
                yield Piece(some, self._asked(query, some))
            except QueryCancelled:
                raise
            except PromqlFailure as why:
                if some.size > 1:
                    pending += [some[some.size // 2 :], some[: some.size // 2]]
                elif isinstance(why, QueryTimedOut):
                    raise
                else:
                    yield Piece(some, None, str(why))

    def _asked(self, query: str, instants: NDArray[np.int64]) -> Result:
        first, last = (int(instants[i]) - self.offset_ms for i in (0, -1))
        if instants.size == 1:
            return self._instant(query, first)
        return self.engine.range(
            query,
            first,
            last,
            int(instants[1] - instants[0]),
            tenant=self.tenant,
            source=self.source,
            cancellation=self.cancellation,
        )

    def _instant(self, query: str, at: int) -> Result:
        return self.engine.instant(query, at, tenant=self.tenant, source=self.source, cancellation=self.cancellation)


def _sees_its_range(expr: Expr) -> bool:
    """Say whether `@ start()` or `@ end()` stands in it, which is the evaluation's instant only for a single one."""
    selectors = (node for node in walk(expr) if isinstance(node, VectorSelector | Subquery))
    return any(isinstance(node.at, AtEdge) for node in selectors)
