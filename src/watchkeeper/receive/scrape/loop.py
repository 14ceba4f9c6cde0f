"""One target's scrapes, one after the other."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.clock import Clock
from watchkeeper.base.duration import format_duration
from watchkeeper.model.samples import AppendOutcome
from watchkeeper.receive.scrape.config import ScrapeConfig
from watchkeeper.receive.scrape.failure import BodyTooLarge, ScrapeFailure
from watchkeeper.receive.scrape.failure_log import FailureLog
from watchkeeper.receive.scrape.fetch import Fetch
from watchkeeper.receive.scrape.identity import Identity
from watchkeeper.receive.scrape.metrics import ScrapeMetrics
from watchkeeper.receive.scrape.report import Report, ReportSeries
from watchkeeper.receive.scrape.schedule import TOLERANCE_MS, Schedule, first_delay_s
from watchkeeper.receive.scrape.scraped import Read, ScrapedTarget
from watchkeeper.receive.scrape.series import Rows, batch_of, stale_rows
from watchkeeper.receive.scrape.status import ActiveTarget, Health
from watchkeeper.receive.scrape.storage import Storage
from watchkeeper.receive.scrape.target import Target
from watchkeeper.store.failure import StoreBusy, StoreFailure, StoreFull

log = logging.getLogger(__name__)

_INLINE_BYTES = 256 << 10
"""Bodies up to this size, and those that bring little new, are decoded on the event loop: a thread would cost more."""
_EARLY_S = 0.001
"""Timers fire late, never early: asking for a little less keeps scrapes within the tolerance of their due time."""


@dataclass(frozen=True, slots=True)
class ScrapeOptions:
    """What the command line says about scraping. `seed` sets several servers of one configuration apart."""

    seed: int = 0
    extra_scrape_metrics: bool = False
    type_and_unit_labels: bool = False
    timestamp_tolerance_ms: float = TOLERANCE_MS
    gather_s: float = 0.5
    """Scrapes that end within this time are handed to the store together, for nobody waits for their commit: a commit
    of many costs little more than a commit of one. At most a quarter of the interval."""


@dataclass(slots=True)
class Surroundings:
    """What the loops of one job share; `forbidden` is why none of its targets may be scraped, or None."""

    config: ScrapeConfig
    fetcher: Fetch
    storage: Storage
    clock: Clock
    metrics: ScrapeMetrics
    options: ScrapeOptions
    failures: FailureLog | None = None
    forbidden: str | None = None


@dataclass(slots=True)
class _Scrape:
    """One scrape under way."""

    at: int
    began_s: float
    body_bytes: int = 0
    read: Read | None = None
    failure: ScrapeFailure | None = None
    counts: tuple[int, int] = field(default=(0, 0))


class ScrapeLoop:
    """Scrapes one target until it is told to stop.

    `scraped` may come from the loop before a reload, so that nothing is read anew and what is gone goes stale.
    """

    def __init__(self, target: Target, surroundings: Surroundings, scraped: ScrapedTarget | None = None) -> None:
        self.target = target
        self._around = surroundings
        identity = Identity(target.public, surroundings.config)
        options = surroundings.options
        if scraped is not None:
            scraped.renew(identity)
        self.scraped = scraped or ScrapedTarget(
            identity, surroundings.storage, type_and_unit_labels=options.type_and_unit_labels
        )
        extra = options.extra_scrape_metrics or bool(surroundings.config.extra_scrape_metrics)
        self._report = ReportSeries(identity, surroundings.storage, extra=extra)
        self._stopping = asyncio.Event()
        self._health = Health.UNKNOWN
        self._error = ""
        self._last_ms: int | None = None
        self._last_duration_s = 0.0
        self._complained = False

    async def run(self) -> None:
        """Scrape at each due time; return after `stop`, when the scrape under way has ended."""
        around, interval_ms = self._around, self.target.interval_ms
        delay_s = first_delay_s(self.target.digest(), around.options.seed, interval_ms, around.clock.now_ms())
        if await self._stops_within(delay_s):
            return
        schedule = Schedule(around.clock, interval_ms, around.options.timestamp_tolerance_ms)
        while True:
            await self.scrape(schedule.timestamp())
            due = schedule.ticks + 1
            delay_s = schedule.delay_s()
            around.metrics.missed.inc(schedule.ticks - due)
            if await self._stops_within(delay_s - _EARLY_S):
                return

    def stop(self) -> None:
        """Let `run` end."""
        self._stopping.set()

    async def scrape(self, at: int) -> None:
        """Scrape once, for the timestamp `at` (ms), and store what came of it. Never raises."""
        scrape = _Scrape(at, self._around.clock.monotonic_s())
        try:
            await self._fetch(scrape)
        except ScrapeFailure as failure:
            scrape.failure, scrape.read = failure, None
            scrape.body_bytes = -1 if isinstance(failure, BodyTooLarge) else scrape.body_bytes
            scrape.counts = failure.scraped, failure.kept
        except Exception as error:
            log.exception("scraping %s failed in an unforeseen way", self.target.url)
            scrape.failure, scrape.read = ScrapeFailure(f"unforeseen: {error}"), None
        duration_s = self._around.clock.monotonic_s() - scrape.began_s
        self._note(scrape, duration_s)
        try:
            await self._store(scrape, duration_s)
        except Exception:
            log.exception("storing the scrape of %s failed in an unforeseen way", self.target.url)
            self._around.metrics.scrapes.labels("lost").inc()
        self._around.metrics.duration_s.observe(self._around.clock.monotonic_s() - scrape.began_s)

    @property
    def refs(self) -> NDArray[np.int32]:
        """The refs that go stale when this target is gone; none before the first scrape."""
        if self._last_ms is None:
            return self.scraped.tracked
        report = self._report.refs
        return np.union1d(self.scraped.tracked, report[report >= 0])

    @property
    def tenant(self) -> str:
        """Whose samples these are."""
        return self._around.config.tenant

    def status(self) -> ActiveTarget:
        """How the target fares."""
        return ActiveTarget(
            self.target.discovered,
            self.target.public,
            self._around.config.job_name,
            self.target.url,
            self._error,
            self._last_ms,
            self._last_duration_s,
            self._health,
            format_duration(self.target.interval_ms),
            format_duration(self.target.timeout_ms),
        )

    async def _stops_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stopping.wait()
        except TimeoutError:
            return False
        return True

    async def _fetch(self, scrape: _Scrape) -> None:
        if self._around.forbidden is not None:
            raise ScrapeFailure(self._around.forbidden)
        fetched = await self._around.fetcher.fetch(self.target)
        scrape.body_bytes = len(fetched.body)
        if len(fetched.body) <= _INLINE_BYTES or self.scraped.is_quick(fetched):
            scrape.read = self.scraped.read(fetched, scrape.at)
        else:
            scrape.read = await asyncio.to_thread(self.scraped.read, fetched, scrape.at)
        scrape.counts = scrape.read.rows.scraped, scrape.read.rows.kept

    def _note(self, scrape: _Scrape, duration_s: float) -> None:
        failure = scrape.failure
        self._health = Health.UP if failure is None else Health.DOWN
        self._error = "" if failure is None else str(failure)
        self._last_ms, self._last_duration_s = scrape.at, duration_s
        self._around.metrics.scrapes.labels("done" if failure is None else "failed").inc()
        if failure is not None:
            log.debug("scraping %s failed: %s", self.target.url, failure)
            if self._around.failures is not None:
                self._around.failures.write(self._around.config.job_name, self.target.url, str(failure))
        elif scrape.read is not None:
            for reason, count in scrape.read.rows.left_out.items():
                self._around.metrics.refused.labels(reason).inc(count)

    async def _store(self, scrape: _Scrape, duration_s: float) -> None:
        rows = scrape.read.rows if scrape.read is not None else stale_rows(np.zeros(0, dtype=np.int32), scrape.at)
        stale = stale_rows(self.scraped.vanished(rows.tracked), scrape.at)
        report = self._report.rows(self._reported(scrape, rows, duration_s), scrape.at)
        metadata = (scrape.read.metadata if scrape.read is not None else None) or ()
        batch = batch_of(self._around.config.tenant, (rows, stale, report), metadata)
        await self._gather()
        try:
            outcome = await self._around.storage.append(batch)
        except StoreFailure as failure:
            self._lost(failure, rows, len(batch.refs))
        else:
            self.scraped.stored(rows)
            self._around.metrics.samples.inc(outcome.accepted)
            self._complain(outcome)

    async def _gather(self) -> None:
        """Wait for the next moment at which scrapes are handed over; it is the same for all loops."""
        step_s = min(self._around.options.gather_s, self.target.interval_ms / 4000)
        if step_s > 0:
            await asyncio.sleep(step_s - asyncio.get_running_loop().time() % step_s)

    def _reported(self, scrape: _Scrape, rows: Rows, duration_s: float) -> Report:
        scraped, kept = scrape.counts
        return Report(
            healthy=scrape.failure is None,
            duration_s=duration_s,
            scraped=scraped,
            kept=kept,
            added=rows.added,
            timeout_s=self.target.timeout_ms / 1000,
            sample_limit=self._around.config.sample_limit,
            body_bytes=scrape.body_bytes if scrape.failure is None or scrape.body_bytes < 0 else 0,
        )

    def _lost(self, failure: StoreFailure, rows: Rows, count: int) -> None:
        """The store took nothing, or nobody knows: the next scrape's staleness must fit either case."""
        if not isinstance(failure, (StoreBusy, StoreFull)):
            self.scraped.perhaps_stored(rows)
        self._error = f"scraped, but not stored: {failure}"
        self._around.metrics.scrapes.labels("lost").inc()
        self._around.metrics.lost.inc(count)
        log.warning("a scrape of %s is lost: %s", self.target.url, failure)

    def _complain(self, outcome: AppendOutcome) -> None:
        """Log refused samples when they begin, not with every scrape."""
        if outcome.refused and not self._complained:
            log.warning("%s: %d samples refused: %s", self.target.url, outcome.refused, "; ".join(outcome.reasons))
        self._complained = outcome.refused > 0
        for reason in ("out_of_order", "too_old", "duplicate_timestamp"):
            count: int = getattr(outcome, reason)
            if count:
                self._around.metrics.refused.labels(reason).inc(count)
