"""Telemetry, kept: what other rooms write to and read from."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.model.frame import LabelFrame
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher
from watchkeeper.model.samples import AppendOutcome, Exemplar, MetricMetadata, SampleBatch, Selection, SeriesBlock
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.activity import Activity
from watchkeeper.store.backup import back_up
from watchkeeper.store.client import Client, Lane, Target
from watchkeeper.store.commit import Committer
from watchkeeper.store.durable import make_durable
from watchkeeper.store.failure import StoreFull
from watchkeeper.store.flush import Flush
from watchkeeper.store.flusher import Flusher, LogOptions
from watchkeeper.store.head import Head
from watchkeeper.store.index import Cardinality, LabelColumns, Limits, LimitsOf, SeriesIndex
from watchkeeper.store.log import Log, Segment
from watchkeeper.store.logged import Logged
from watchkeeper.store.metadata import MetadataBook
from watchkeeper.store.metrics import StoreMetrics
from watchkeeper.store.migrations import Place, migrate
from watchkeeper.store.opening import Opening
from watchkeeper.store.policy import Policy, PolicyOf
from watchkeeper.store.recovery import Recovery
from watchkeeper.store.retention import Retainer, Retention
from watchkeeper.store.select import Reader
from watchkeeper.store.sink import Direct, Sink
from watchkeeper.store.sql import Sql, SqlLimits
from watchkeeper.store.upkeep import Upkeep
from watchkeeper.store.write import Writer

log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """What the configuration says about the store."""

    policy_of: PolicyOf = lambda _tenant: Policy()
    limits_of: LimitsOf = lambda _tenant: Limits()
    most_waiting: int = 2_000_000
    """Samples that may wait for their commit."""
    sql_limits: SqlLimits = field(default_factory=SqlLimits)
    """What one statement of a person may take."""
    patience_s: float = 30.0
    """How long a commit or a read waits for an engine that is being started again."""
    log: LogOptions | None = None
    """With a log a commit is on disk there, and in memory, before the engine has it; nobody else may write to the
    tables then. Without, each commit is an insert."""
    head_bytes: int = 256 << 20
    """With a log: memory for the newest samples that the engine has already."""


class Store:
    """The store over one target. `open` before use, `close` at the end; reads block and are called from threads."""

    def __init__(
        self, target: Target, clock: Clock, registry: CollectorRegistry, options: StoreOptions | None = None
    ) -> None:
        options = options or StoreOptions()
        self._clock = clock
        self._options = options
        self.place = Place(target.endpoint.database, target.cluster)
        self.client = Client(target, target.endpoint.database, clock, options.patience_s)
        self.symbols = Symbols()
        self.index = SeriesIndex(self.symbols, registry=registry, limits_of=options.limits_of)
        self._activity = Activity()
        self._metadata = MetadataBook()
        self._metrics = StoreMetrics(registry)
        self._head, self._flusher, sink = self._place_of_commits(options)
        self._reader = Reader(self.client, self.index, self._activity, clock, self._metrics, self._head)
        self._writer = Writer(sink, self.index, self._activity, self._metadata, options.policy_of, clock)
        self._upkeep = Upkeep(self.client, self.place, self.index, self._activity)
        self._retainer = Retainer(self.client, self.index, self._activity, self._upkeep)
        self._sql = Sql(self.client, self.place, options.sql_limits)
        admit = self._flusher.admit if self._flusher else None
        self._committer = Committer(self._writer, clock, self._metrics, most_waiting=options.most_waiting, admit=admit)

    def _place_of_commits(self, options: StoreOptions) -> tuple[Head | None, Flusher | None, Sink]:
        if options.log is None:
            return None, None, Direct(self.client, uuid.uuid4().hex)
        head, log = Head(options.head_bytes), Log(options.log.folder)
        flusher = Flusher(log, Flush(self.client), head, self._clock, self._metrics, options.log)
        return head, flusher, Logged(log, head, flusher)

    async def open(self, progress: Callable[[str, int, int], None] = lambda _stage, _done, _total: None) -> None:
        """Bring the schema up to date, rebuild the index, and accept writes. Raises StoreFailure."""
        try:
            await asyncio.to_thread(self._load, progress)
        except asyncio.CancelledError:
            self.client.close()  # the thread cannot be broken off, but it ends with its next statement
            raise
        self._committer.start()

    async def close(self) -> None:
        """Commit what waits, and let go of all connections."""
        await self._committer.close()
        if self._flusher is not None:
            await asyncio.to_thread(self._flusher.close)
        self.client.close()

    def _load(self, progress: Callable[[str, int, int], None]) -> None:
        for step in migrate(self.client, self.place):
            log.info("schema step %d (%s) taken", step.number, step.name)
        since_ms = self._clock.now_ms() - max(self._options.policy_of("default").window_ms, 0)
        waiting: tuple[Segment, ...] = ()
        if self._flusher is not None:
            make_durable(self.client, self.place)
            progress("replaying the log", 0, 0)
            waiting = self._flusher.replay()
        opening = Opening(self.client, self.index, self._activity, self._metadata, progress)
        opening.run(since_ms)
        if self._flusher is not None and self._head is not None:
            self._head.begin(*opening.stored())
            recovery = Recovery(opening, self.index, self._activity, self._head, since_ms)
            for segment in waiting:
                recovery.take(segment)
            self._flusher.start()

    # --- writing

    @property
    def generation(self) -> int:
        """Grows whenever refs given out earlier have become invalid."""
        return self.index.generation

    def resolve(self, tenant: str, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """The refs of label sets, shape (n,), registering new series; −1 where a limit refuses one."""
        return self.index.resolve(tenant, labels, self._clock.now_ms())

    def alive(self, refs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Say which refs, none of them negative, still stand for a series; for caches when `generation` has grown."""
        return self.index.alive(refs)

    def resolve_columns(self, tenant: str, columns: LabelColumns) -> NDArray[np.int32]:
        """As `resolve`, for label sets that are columns already."""
        return self.index.resolve_columns(tenant, columns, self._clock.now_ms())

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        """Store `batch`; returns after it is committed. Raises StoreFailure, StoreFull or StoreBusy."""
        return await self._committer.append(batch)

    def flush(self) -> None:
        """Wait until the engine itself has all that is committed, for what asks it past us. Raises StoreFailure."""
        if self._flusher is not None:
            self._flusher.drain()

    # --- reading samples

    def select(self, selection: Selection, lane: Lane = Lane.PEOPLE) -> SeriesBlock:
        """The samples of a selection. Raises StoreFailure."""
        return self._reader.select(selection, lane)

    def select_many(self, selections: Sequence[Selection], lane: Lane = Lane.RULES) -> list[SeriesBlock]:
        """As `select` for each of them, with as few statements as possible."""
        return self._reader.select_many(selections, lane)

    def latest(self, selection: Selection, lane: Lane = Lane.PEOPLE) -> SeriesBlock:
        """The last sample in [start, end] of each series (without start timestamps), mostly from memory."""
        return self._reader.latest(selection, lane)

    # --- reading about series

    def series(
        self, tenant: str, matcher_sets: Sequence[Sequence[Matcher]], start: int, end: int, limit: int = 0
    ) -> LabelFrame:
        """The series that satisfy any of the matcher sets and had samples in the range (by spans of two hours)."""
        refs = self.index.find_any(tenant, matcher_sets, start, end)
        return self.index.frame(refs[:limit] if limit else refs)

    def label_names(
        self,
        tenant: str,
        matcher_sets: Sequence[Sequence[Matcher]] = (),
        start: int | None = None,
        end: int | None = None,
        limit: int = 0,
    ) -> list[str]:
        """The names of the labels of those series, sorted."""
        names = self.index.names(tenant, self._refs(tenant, matcher_sets, start, end))
        return names[:limit] if limit else names

    def label_values(
        self,
        tenant: str,
        name: str,
        matcher_sets: Sequence[Sequence[Matcher]] = (),
        start: int | None = None,
        end: int | None = None,
        limit: int = 0,
    ) -> list[str]:
        """The values of one label of those series, sorted."""
        values = self.index.values(tenant, name, self._refs(tenant, matcher_sets, start, end))
        return values[:limit] if limit else values

    def _refs(
        self, tenant: str, matcher_sets: Sequence[Sequence[Matcher]], start: int | None, end: int | None
    ) -> NDArray[np.int32] | None:
        if not matcher_sets and start is None and end is None:
            return None
        return self.index.find_any(tenant, matcher_sets, start, end)

    def metadata(
        self, tenant: str, metric: str | None = None, limit: int = 0
    ) -> Mapping[str, Sequence[MetricMetadata]]:
        """What metrics say of themselves, by metric."""
        return self._metadata.of(tenant, metric, limit)

    def tsdb_status(self, tenant: str, limit: int = 10) -> Cardinality:
        """A tenant's figures, for /api/v1/status/tsdb."""
        return self.index.cardinality(tenant, limit)

    def exemplars(
        self, tenant: str, matcher_sets: Sequence[Sequence[Matcher]], start: int, end: int
    ) -> tuple[LabelFrame, list[Exemplar]]:
        """The exemplars in [start, end] of those series, by series and time; each `ref` is a row of the frame."""
        if self._flusher is not None:
            with suppress(StoreFull):  # then people see at least what the engine has
                self._flusher.drain_exemplars()
        return self._reader.exemplars(tenant, matcher_sets, start, end)

    def sql(self, tenant: str, statement: str, form: str = "json", name: str = "") -> bytes:
        """The answer to a person's read-only SQL over the tenant's views, as `json`, `csv` or `tsv`.

        Raises SqlRefused (with a position) for what may not be run, StatementFailure for what the engine refuses.
        """
        with suppress(StoreFull):  # then people see at least what the engine has
            self.flush()
        return self._sql.run(tenant, statement, form, name)

    def cancel_sql(self, name: str) -> None:
        """Break off the SQL that was asked under that name. Raises StoreFailure."""
        self._sql.cancel(name)

    # --- taking out

    async def delete_series(self, tenant: str, matcher_sets: Sequence[Sequence[Matcher]], start: int, end: int) -> int:
        """Delete samples in [start, end] of those series, at once for every reader; how many series those were."""

        def delete() -> int:
            refs = self.index.find_any(tenant, matcher_sets, start, end)
            try:
                return self._upkeep.delete_series(tenant, matcher_sets, start, end)
            finally:
                self._forget(refs)

        return await self._alone(delete)

    async def clean_tombstones(self) -> None:
        """Give back the disk space of what was deleted."""
        await asyncio.to_thread(self._upkeep.clean_tombstones)

    async def snapshot(self, name: str) -> None:
        """Copy all that is committed now into the folder `name` of the engine's place for backups; see `backup`."""

        def copy() -> None:
            self.flush()
            back_up(self.client, self.place, name)

        await asyncio.to_thread(copy)

    async def retain(self, retention: Retention) -> int:
        """Delete what has expired, between commits; how many series have gone. To be called every hour or so."""
        now_ms = self._clock.now_ms()
        plan = await self._alone(lambda: self._retainer.plan(retention, now_ms))

        def apply() -> None:
            try:
                self._retainer.apply(plan)
            finally:
                for refs in self._retainer.touched(plan):
                    self._forget(refs)

        await self._alone(apply)
        return await self._alone(lambda: self._retainer.forget(retention, now_ms))

    async def _alone(self, work: Callable[[], _T]) -> _T:
        """Do `work` between two commits, when the engine has everything that was committed. Raises StoreFailure."""

        def quietly() -> _T:
            self.flush()
            return work()

        return await self._committer.alone(quietly)

    def _forget(self, refs: NDArray[np.int32]) -> None:
        if self._head is not None:
            self._head.forget(refs)
