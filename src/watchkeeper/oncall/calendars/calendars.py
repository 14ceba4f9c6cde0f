"""Looks after calendars: files as they change, URLs every quarter of an hour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Gauge

from watchkeeper.base.clock import Clock
from watchkeeper.base.failure import Failure
from watchkeeper.base.http import HTTPClient, HTTPClientConfig, HTTPFailure
from watchkeeper.base.ical import CalendarFailure, Feed
from watchkeeper.journal import Journal
from watchkeeper.oncall.calendars import history
from watchkeeper.oncall.calendars.keeping import CalendarKeeping, Copy, id_of
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

EVERY_MS = 900_000
AFTER_FAILURE_MS = 60_000
ROUND_S = 15.0
"""How often files are looked at."""
LARGEST_BYTES = 8 << 20


class Calendars:
    """`open` before use, `start`, then `apply` what configurations name; `close` at the end; all on one event loop.

    A copy that is no calendar, and a server that gives none, change nothing: they are logged and shown.
    """

    def __init__(
        self,
        control: ControlDatabase,
        journal: Journal,
        clock: Clock,
        registry: CollectorRegistry,
        environ: Mapping[str, str],
        user_agent: str = "Watchkeeper",
    ) -> None:
        self._keeping = CalendarKeeping(control)
        self._journal = journal
        self._clock = clock
        self._environ = environ
        self._user_agent = user_agent
        self._gauge = Gauge(
            "watchkeeper_calendar_failed",
            "Whether the last attempt to read a calendar failed, and an older copy is in use.",
            ["calendar"],
            registry=registry,
        )
        self._client: HTTPClient | None = None
        self._copies: dict[str, Copy] = {}
        self._failing: set[str] = set()
        """The ids of those that could not be renewed, as the journal knows."""
        self._feeds: Sequence[Feed] = ()
        self._due: dict[str, int] = {}
        self._changed: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take up the last good copies. Raises StoreFailure."""
        self._copies = await self._keeping.all()
        self._failing = await self._keeping.failing()
        self._client = HTTPClient(
            HTTPClientConfig(),
            self._clock,
            environ=self._environ,
            user_agent=self._user_agent,
            body_limit_bytes=LARGEST_BYTES,
        )

    def start(self) -> None:
        """Look after them by the clock."""
        self._running = asyncio.create_task(self._run(), name="calendars")

    async def close(self) -> None:
        """Look after them no longer."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    async def apply(self, feeds: Sequence[Feed]) -> None:
        """Look after these from now on; those by URL begin with the last good copy.

        Files have been read already, and are once more in the next round: they may have changed in between.
        """
        for feed in feeds:
            copy = self._copies.get(id_of(feed.url.reveal())) if feed.url else None
            if copy is not None:
                await self._take(feed, copy.content, copy.fetched_at)
        self._feeds = feeds
        self._due = {}
        self._changed = {}
        self._gauge.clear()
        self._show()
        self._wake.set()

    def feeds(self) -> Sequence[Feed]:
        """Those in use."""
        return self._feeds

    async def round(self) -> None:
        """Read what has changed, and ask for what is due."""
        feeds = self._feeds
        for feed in feeds:
            if feed.file is not None:
                await self._look(feed)
        now = self._clock.now_ms()
        for url in dict.fromkeys(feed.url.reveal() for feed in feeds if feed.url):
            if self._due.get(url, 0) <= now:
                await self._ask(url, [feed for feed in feeds if feed.url.reveal() == url])
        self._show()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.round()
            except Exception:
                log.exception("calendars could not be looked after in an unforeseen way, and will be in the next round")
            try:
                async with asyncio.timeout(ROUND_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _look(self, feed: Feed) -> None:
        changed = _changed(feed)
        if self._changed.get(str(feed.file)) == changed and not feed.failure:
            return
        self._changed[str(feed.file)] = changed
        try:
            await asyncio.to_thread(feed.take_file, self._clock.now_ms())
        except CalendarFailure as failure:
            self._failed(feed, str(failure))

    async def _ask(self, url: str, feeds: Sequence[Feed]) -> None:
        assert self._client is not None
        now, id = self._clock.now_ms(), id_of(url)
        before = self._copies.get(id)
        conditions = {"If-None-Match": before.etag, "If-Modified-Since": before.modified} if before is not None else {}
        headers = {"Accept": "text/calendar", **{name: text for name, text in conditions.items() if text}}
        self._due[url] = now + EVERY_MS
        try:
            answer = await self._client.request("GET", url, headers=headers)
            if answer.status == 304 and before is not None:
                copy = before
            elif answer.status != 200:
                raise HTTPFailure(f"the server answers with {answer.status}")
            else:
                text = answer.body.decode(errors="replace").replace("\0", "")
                copy = Copy(answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""), text, now)
            size = feeds[0].calendar.size
            if all([await self._take(feed, copy.content, now) for feed in feeds]) and copy is not before:
                await self._keep(id, copy, feeds, size)
        except Failure as failure:
            # The path of a URL may be the secret: what is said names the server only.
            for feed in feeds:
                self._failed(feed, f"its URL gives no calendar: {_without(str(failure), url)}")
        why = next((feed.failure for feed in feeds if feed.failure), "")
        if why:
            self._due[url] = now + AFTER_FAILURE_MS
        await self._note(id, feeds, why, now)

    async def _note(self, id: str, feeds: Sequence[Feed], why: str, now: int) -> None:
        """Record that from now on it cannot be renewed (`why`), or can be again, where that is new."""
        try:
            if why and id not in self._failing:
                await self._keeping.fail(id, now, self._journal.writes([history.failed(feeds, why, now)]))
                self._failing.add(id)
            elif not why and id in self._failing:
                await self._keeping.come_back(id, self._journal.writes([history.back(feeds, now)]))
                self._failing.remove(id)
        except StoreFailure as failure:
            log.warning("how a calendar fares is recorded when it is asked for again: %s", failure)

    async def _take(self, feed: Feed, text: str, at: int) -> bool:
        try:
            await asyncio.to_thread(feed.take, text, at)
        except CalendarFailure as failure:
            self._failed(feed, f"what it has become is no calendar: {failure}")
            return False
        return True

    async def _keep(self, id: str, copy: Copy, feeds: Sequence[Feed], size: int) -> None:
        """Keep a copy; where it says something else than the last one, whose `size` is that, the journal says so."""
        before, self._copies[id] = self._copies.get(id), copy
        known = None if before is None else size
        new = before is None or before.content != copy.content
        happened = [history.changed(feeds, known, copy.fetched_at)] if new else []
        try:
            await self._keeping.put(id, copy, self._journal.writes(happened))
        except StoreFailure as failure:
            self._journal.record(*happened)
            log.warning("a calendar is kept in memory only: %s", failure)

    def _failed(self, feed: Feed, why: str) -> None:
        if feed.failure != why:
            log.error("the calendar of %s stays as it was: %s", feed.name, why)
        feed.failure = why

    def _show(self) -> None:
        for feed in self._feeds:
            self._gauge.labels(feed.name).set(bool(feed.failure))


def _changed(feed: Feed) -> float:
    try:
        return feed.file.stat().st_mtime if feed.file is not None else 0.0
    except OSError:
        return 0.0


def _without(text: str, url: str) -> str:
    host = url.split("//")[-1].split("/")[0].split("@")[-1]
    return text if url.rstrip("/").endswith(host) else _shortened(text, host)


def _shortened(text: str, host: str) -> str:
    words = [f"{host}/…" if "://" in word else word for word in text.split()]
    return " ".join(words)
