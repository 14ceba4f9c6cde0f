"""The room: records what happened, and finds it again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from prometheus_client import CollectorRegistry, Counter

from watchkeeper.base.clock import Clock
from watchkeeper.journal.entry import Entry
from watchkeeper.journal.keeping import ROOM, STEPS, Row, Writes, forget, found, row, scanned, writes
from watchkeeper.journal.search import Search
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

KEPT_MS = 400 * 86_400_000
"""How long entries are kept: a year's comparison, and a month to make it."""
SWEEP_S = 3600.0
GATHER_S = 0.05
"""How long a batch gathers: what is urgent about an alert, its telling, has the database first."""
LONGEST_PAUSE_S = 1.0
MOST_AT_ONCE = 1000
"""How many entries one transaction records, so that others come in between when there are very many."""
SCAN_PAGE = 2000
MOST_WAITING = 200_000
"""How many entries may wait for a database that takes none; the oldest of them are lost then, and counted."""


class Journal:
    """Append-only. `open` before use, `close` at the end; all on one event loop.

    What is recorded is written with the next batch: what arrives while one is written makes up the next one.
    """

    def __init__(self, control: ControlDatabase, clock: Clock, registry: CollectorRegistry, unique: Callable[[], str]):
        """`unique` gives sixteen random hexadecimal digits."""
        self._control = control
        self._clock = clock
        self._own = unique()[:8]
        self._last = (0, 0)
        self._waiting: list[Row] = []
        self._writing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._recorded = Counter("watchkeeper_journal_entries", "Entries recorded.", ["kind"], registry=registry)
        self._lost = Counter("watchkeeper_journal_lost_entries", "Entries that could not be kept.", registry=registry)

    async def open(self) -> None:
        """Make the tables, and begin to write. Raises StoreFailure."""
        await self._control.migrate(ROOM, STEPS)
        run, sweep = self._run(), self._sweep()
        self._tasks = [asyncio.create_task(run, name="journal"), asyncio.create_task(sweep, name="journal's sweep")]

    async def close(self) -> None:
        """Write what waits, and end."""
        async with self._writing:
            # Not in the midst of a batch, of which nobody would know whether it is written.
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._write()

    def record(self, *entries: Entry) -> None:
        """Record what happened; written soon, and before `close` returns."""
        self._waiting.extend(self._rows(entries))
        self._lose_excess()
        self._wake.set()

    def writes(self, entries: Sequence[Entry]) -> Writes:
        """The statements that record entries, for whoever must have them in one transaction with its own."""
        return writes(self._rows(entries))

    async def written(self) -> None:
        """Return when all that was recorded so far is written. Raises StoreFailure."""
        await self._write_waiting()

    async def find(self, search: Search) -> list[Entry]:
        """What a search finds, newest first, including all that was recorded so far. Raises StoreFailure."""
        await self._write_waiting()
        return await found(self._control, search)

    async def scan(self, search: Search) -> AsyncIterator[Entry]:
        """All that a search finds, oldest first, including all that was recorded so far. Raises StoreFailure.

        However much there is, a page at a time is held; the search's `limit` says nothing here.
        """
        await self._write_waiting()
        last, page = "", replace(search, limit=SCAN_PAGE)
        while entries := await scanned(self._control, page, last):
            for entry in entries:
                yield entry
            last = entries[-1].id

    def _rows(self, entries: Sequence[Entry]) -> list[Row]:
        for entry in entries:
            self._recorded.labels(entry.kind.value).inc()
        return [row(self._next_id(), entry) for entry in entries]

    def _next_id(self) -> str:
        """An id that is greater than all before it, also where the clock has jumped back, and nobody else's."""
        at, number = self._last
        now = self._clock.now_ms()
        self._last = (now, 0) if now > at else (at, number + 1)
        return f"{self._last[0]:012x}{self._last[1]:06x}{self._own}"

    async def _run(self) -> None:
        pause_s = GATHER_S
        while True:
            await self._wake.wait()
            await asyncio.sleep(pause_s)
            self._wake.clear()
            began_s = self._clock.monotonic_s()
            written = await self._write(MOST_AT_ONCE)
            # Alerts wait for the database, too: no more than half of its time is ours.
            took_s = self._clock.monotonic_s() - began_s
            pause_s = min(max(took_s, GATHER_S), LONGEST_PAUSE_S) if written else LONGEST_PAUSE_S
            if self._waiting:
                self._wake.set()

    async def _write(self, most: int | None = None) -> bool:
        try:
            await self._write_waiting(most)
        except StoreFailure as failure:
            log.warning("%d entries of the journal wait for the database: %s", len(self._waiting), failure)
            return False
        except Exception:
            log.exception("%d entries of the journal could not be written in an unforeseen way", len(self._waiting))
            return False
        return True

    async def _write_waiting(self, most: int | None = None) -> None:
        async with self._writing:
            left = len(self._waiting) if most is None else min(len(self._waiting), most)
            while left > 0:
                entries, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                left -= len(entries)
                try:
                    await self._control.run(writes(entries))
                except BaseException:
                    self._put_back(entries)
                    raise

    def _put_back(self, entries: list[Row]) -> None:
        self._waiting = [*entries, *self._waiting]
        self._lose_excess()

    def _lose_excess(self) -> None:
        if excess := max(len(self._waiting) - MOST_WAITING, 0):
            self._lost.inc(excess)
            del self._waiting[:excess]

    async def _sweep(self) -> None:
        while True:
            try:
                await forget(self._control, self._clock.now_ms() - KEPT_MS)
            except StoreFailure as failure:
                log.warning("old entries of the journal stay for now: %s", failure)
            await asyncio.sleep(SWEEP_S)
