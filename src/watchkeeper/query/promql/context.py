"""What all operators of one running query share."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.clock import Clock
from watchkeeper.model.frame import LabelFrame
from watchkeeper.query.promql.annotations import Annotations
from watchkeeper.query.promql.failure import QueryCancelled, QueryTimedOut, TooManySamples
from watchkeeper.query.promql.options import Cancellation, EngineOptions
from watchkeeper.query.promql.source import Source
from watchkeeper.query.promql.steps import Span
from watchkeeper.query.promql.symbols import QuerySymbols
from watchkeeper.query.promql.value import Vector
from watchkeeper.query.promql.workers import Workers

_BYTES_A_CELL = 9
_BYTES_A_SAMPLE = 16


@dataclass(slots=True)
class Context:
    """One query's limits, annotations, symbols and threads; `deadline_s` on the clock's monotonic scale."""

    tenant: str
    source: Source
    options: EngineOptions
    lookback_ms: int
    clock: Clock
    workers: Workers
    deadline_s: float
    cancellation: Cancellation | None
    symbols: QuerySymbols
    span: Span
    annotations: Annotations = field(default_factory=Annotations)
    per_step: NDArray[np.int64] | None = None
    loaded: int = 0
    peak: int = 0

    def check(self) -> None:
        """Raise QueryCancelled or QueryTimedOut where it is time."""
        if self.cancellation is not None and self.cancellation.cancelled:
            raise QueryCancelled
        if self.clock.monotonic_s() > self.deadline_s:
            raise QueryTimedOut

    def load(self, samples: int) -> None:
        """Count samples that were fetched and stay in memory. Raises TooManySamples."""
        self.loaded += samples
        self._limit(0)

    def make_room(self, rows: int, steps: int) -> None:
        """Be sure that an operator may hold a result of rows by steps. Raises TooManySamples before it is made."""
        self._limit(rows * steps)

    def hold(self, samples: int) -> None:
        """Note that an operator's result holds so many samples. Raises TooManySamples."""
        self.peak = max(self.peak, self.loaded + samples)
        if self.loaded + samples > self.options.max_samples:
            raise TooManySamples

    def count(self, totals: NDArray[np.int64]) -> None:
        """Add samples looked at to the statistics: one number for each step of the query, or of a part of it."""
        if self.per_step is None:
            return
        if totals.size == self.per_step.size:
            self.per_step += totals
        else:
            self.per_step[-1] += int(totals.sum())

    @contextmanager
    def uncounted(self) -> Generator[None]:
        """Leave what is looked at inside the block out of the statistics: a subquery's windows count it."""
        outer, self.per_step = self.per_step, None
        try:
            yield
        finally:
            self.per_step = outer

    @contextmanager
    def counted_at_every_step(self) -> Generator[None]:
        """Count what is looked at inside the block, at a single step, for each of the outer steps."""
        outer = self.per_step
        self.per_step = None if outer is None else np.zeros(1, dtype=np.int64)
        try:
            yield
            if outer is not None and self.per_step is not None:
                outer += self.per_step[0]
        finally:
            self.per_step = outer

    def _limit(self, cells: int) -> None:
        self.peak = max(self.peak, self.loaded)
        if self.loaded > self.options.max_samples:
            raise TooManySamples
        if self.loaded * _BYTES_A_SAMPLE + cells * _BYTES_A_CELL > self.options.max_bytes:
            limit = self.options.max_bytes >> 20
            raise TooManySamples(
                f"query processing would use more than {limit} MiB of memory in query execution "
                f"({cells} points at once beside {self.loaded} samples)"
            )

    def row(self, values: NDArray[np.float64]) -> Vector:
        """One series without labels that has `values` (s,)."""
        frame = LabelFrame(self.symbols, (), np.zeros((1, 0), dtype=np.int32))
        return Vector(
            frame,
            np.ascontiguousarray(values, dtype=np.float64).reshape(1, -1),
            np.ones((1, values.size), dtype=np.bool_),
            np.zeros(1, dtype=np.bool_),
        )

    def rows(self, count: int, steps: int, task: Callable[[int, int], None]) -> None:
        """Run a kernel over slices of `count` rows of `steps` cells."""
        self.workers.run(count, steps, task, self.check)
