"""Group commit with natural batching: while one commit is in flight the next one gathers; there is no timer."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from watchkeeper.base.clock import Clock
from watchkeeper.model.samples import AppendOutcome, SampleBatch
from watchkeeper.store.failure import StoreBusy, StoreFailure, StoreFull, StoreUnreachable
from watchkeeper.store.metrics import StoreMetrics
from watchkeeper.store.write import Writer

log = logging.getLogger(__name__)
_T = TypeVar("_T")

LARGEST_COMMIT = 1_000_000
"""Samples: up to about this many rows the engine makes one part of a block, which is what makes it atomic."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    batch: SampleBatch
    answer: asyncio.Future[AppendOutcome]
    weight: int


class Committer:
    """Takes batches and answers each after its commit; all on one event loop, the writing on a thread of its own."""

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        metrics: StoreMetrics,
        *,
        most_waiting: int = 2_000_000,
        probe_every_s: float = 2.0,
        admit: Callable[[], None] | None = None,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._metrics = metrics
        self._most_waiting = most_waiting
        self._probe_every_s = probe_every_s
        self._admit = admit
        self._queue: deque[_Waiting] = deque()
        self._under_way: list[_Waiting] = []
        self._closing = False
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._task: asyncio.Task[None] | None = None
        self._probe_at_s = 0.0
        self._waiting = 0
        self.full: StoreFull | None = None

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.create_task(self._run(), name="commit")

    async def close(self) -> None:
        """Commit what waits, answer it, and end; from now on nothing more is taken."""
        self._closing = True
        if self._task is not None:
            while waiting := [w.answer for w in (*self._under_way, *self._queue) if not w.answer.done()]:
                await asyncio.wait(waiting)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._thread.shutdown(wait=True)

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        """Commit `batch`. Raises StoreBusy or StoreFull at once, StoreFailure where the commit failed."""
        if self._closing or self._task is None or self._task.done():
            raise StoreFailure("the store is not open for writing", retryable=True)
        if self.full is not None:
            now_s = self._clock.monotonic_s()
            if now_s < self._probe_at_s:
                raise StoreFull(str(self.full))
            self._probe_at_s = now_s + self._probe_every_s
        self._look()
        weight = batch.refs.size + 10 * len(batch.histograms) + 4 * len(batch.exemplars) + len(batch.metadata)
        if self._waiting and self._waiting + weight > self._most_waiting:
            self._metrics.busy.inc()
            raise StoreBusy(f"{self._waiting} samples wait to be committed, of {self._most_waiting} that may")
        waiting = _Waiting(batch, asyncio.get_running_loop().create_future(), weight)
        self._queue.append(waiting)
        self._count(weight)
        self._arrived.set()
        return await waiting.answer

    def _look(self) -> None:
        """Raise what keeps the store from taking more."""
        if self._admit is None:
            return
        try:
            self._admit()
        except StoreFull as failure:
            self._fill(failure)
            raise
        except StoreBusy:
            self._metrics.busy.inc()
            raise

    async def alone(self, work: Callable[[], _T]) -> _T:
        """Do `work` on the committing thread, between two commits."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                self._under_way = self._next()
                await self._commit(self._under_way)
                self._under_way = []

    def _next(self) -> list[_Waiting]:
        """The batches that go into one commit: all that wait, up to the largest."""
        group: list[_Waiting] = []
        size = 0
        while self._queue and (not group or size + self._queue[0].weight <= LARGEST_COMMIT):
            size += self._queue[0].weight
            group.append(self._queue.popleft())
        return group

    async def _commit(self, group: list[_Waiting]) -> None:
        started_s = self._clock.monotonic_s()
        try:
            outcomes = await self.alone(lambda: self._writer.write([w.batch for w in group]))
        except Exception as error:
            await self._failed(group, error)
            return
        finally:
            self._metrics.commit_s.observe(self._clock.monotonic_s() - started_s)
        self._has_room()
        self._metrics.commit_samples.observe(sum(w.batch.refs.size for w in group))
        for waiting, outcome in zip(group, outcomes, strict=True):
            self._tell(outcome)
            self._done(waiting)
            if not waiting.answer.done():
                waiting.answer.set_result(outcome)

    async def _failed(self, group: list[_Waiting], error: Exception) -> None:
        if isinstance(error, StoreFull):
            self._fill(error)
        elif len(group) > 1 and not isinstance(error, StoreUnreachable | StoreBusy):
            # One batch must not take the others with it.
            for waiting in group:
                await self._commit([waiting])
            return
        self._metrics.commit_failures.inc()
        log.error("a commit of %d batches failed: %s", len(group), error, exc_info=not isinstance(error, StoreFailure))
        for waiting in group:
            self._done(waiting)
            if not waiting.answer.done():
                waiting.answer.set_exception(error)

    def _done(self, waiting: _Waiting) -> None:
        self._count(-waiting.weight)

    def _count(self, weight: int) -> None:
        self._waiting += weight
        self._metrics.waiting.set(self._waiting)

    def _tell(self, outcome: AppendOutcome) -> None:
        self._metrics.samples.inc(outcome.accepted)
        for reason in ("out_of_order", "too_old", "duplicate_timestamp"):
            count: int = getattr(outcome, reason)
            if count:
                self._metrics.refused.labels(reason).inc(count)

    def _fill(self, failure: StoreFull) -> None:
        """Stop ingest; from time to time one append is let through to see whether there is room again."""
        if self.full is None:
            log.error("ingest stops: %s", failure)
            self._metrics.full.set(1)
        self.full = failure
        self._probe_at_s = self._clock.monotonic_s() + self._probe_every_s

    def _has_room(self) -> None:
        if self.full is not None:
            log.warning("there is room on the store's disk again: ingest goes on")
            self.full = None
            self._metrics.full.set(0)
