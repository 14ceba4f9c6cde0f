"""PromQL as a round's rules ask it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.model.samples import Selection
from watchkeeper.query.promql import Cancellation, Engine, PromqlFailure, Result, ValueType
from watchkeeper.rules.expansion import Sample
from watchkeeper.rules.failure import EvaluationFailure
from watchkeeper.rules.round_source import RoundSource
from watchkeeper.store.failure import StoreFailure
from watchkeeper.template.failure import FunctionFailure


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions of one round: as of the instant `at` (ms) in the name of `tenant`."""

    engine: Engine
    source: RoundSource
    tenant: str
    at: int
    cancellation: Cancellation

    def selections(self, query: str) -> Sequence[Selection]:
        """What a query will read, as far as it is known beforehand."""
        return self.engine.selections(query, self.at, tenant=self.tenant)

    def vector(self, query: str, at: int | None = None) -> Result:
        """The query's series, or its scalar as one without labels.

        Raises EvaluationFailure, PromqlFailure or StoreFailure.
        """
        when = self.at if at is None else at
        result = self.engine.instant(
            query, when, tenant=self.tenant, source=self.source, cancellation=self.cancellation
        )
        if result.kind not in (ValueType.VECTOR, ValueType.SCALAR):
            raise EvaluationFailure("rule result is not a vector or scalar")
        return result

    def samples(self, query: str, at: int) -> list[Sample]:
        """What the `query` function of templates gives. Raises FunctionFailure."""
        try:
            result = self.vector(query, at)
        except (PromqlFailure, StoreFailure, EvaluationFailure) as why:
            raise FunctionFailure(str(why)) from None
        return [Sample(result.frame.labels(row), value_of(result, row)) for row in range(len(result))]


def value_of(result: Result, row: int) -> float | str:
    """The value of one series: a float, or a native histogram as text."""
    if result.histograms is not None and (histogram := result.histograms[row, 0]) is not None:
        return str(histogram)
    return float(result.values[row, 0])
