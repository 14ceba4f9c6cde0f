"""Incidents that are tickets elsewhere: whoever keeps them is told of each change, until that has worked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Protocol, TypeAlias

from watchkeeper.base.clock import Clock
from watchkeeper.journal import Journal, Search
from watchkeeper.model.notification import Flush
from watchkeeper.oncall.incident.book import Book
from watchkeeper.oncall.incident.changing import linked_ticket
from watchkeeper.oncall.incident.incident import Incident
from watchkeeper.oncall.incident.ticket import is_news, ticket_flush
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

GATHER_S = 1.0
"""How long changes gather that are made together: they are told as one."""
RETRY_S, LONGEST_RETRY_S = 60.0, 3600.0
"""When what did not work is tried again: after twice as long each time."""
LOOK_S = 6 * 3600.0
"""How often all are looked at, so that the notification log does not forget those that have long not changed."""
_AT_ONCE = 8
_LAST_WORDS_S = 5.0
"""How long the end waits for what is being told."""
_SEARCHED, _NEWS = 50, 20
"""Among so many entries so many are looked for that are news."""
_Name: TypeAlias = tuple[str, str]
"""A tenant and an incident's id."""


class TicketTeller(Protocol):
    """Tells receivers and knows their tickets; the room `notify` is one."""

    async def notify(self, flush: Flush) -> bool:
        """Tell the flush's receiver what it does not know, and say whether that succeeded."""
        ...

    def addresses(self, flush: Flush) -> Sequence[str]:
        """Where people see the tickets that it has for the flush's group."""
        ...


class Tickets:
    """Keeps tickets as incidents are. `start`, `close` at the end; `round` tells what is due.

    What was told is what the notification log knows, so that looking at an incident again is harmless.
    """

    def __init__(self, book: Book, journal: Journal, teller: TicketTeller, clock: Clock, external_url: str) -> None:
        self._book = book
        self._journal = journal
        self._teller = teller
        self._clock = clock
        self._external_url = external_url
        self.receivers: Collection[str] = ()
        self._due: dict[_Name, float] = {}
        self._failed: dict[_Name, int] = {}
        self._looked_at = clock.monotonic_s()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._wake = asyncio.Event()
        self._telling = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def apply(self, receivers: Collection[str]) -> None:
        """Tell these receivers from now on, by their names."""
        self.receivers = receivers
        self._look()

    def start(self) -> None:
        """Begin to tell."""
        self._book.watchers.append(self._take)
        self._task = asyncio.create_task(self._run(), name="tickets")

    async def close(self) -> None:
        """Tell no more; what is being told may come to its end, if that is soon."""
        task, self._task = self._task, None
        if task is not None:
            self._book.watchers.remove(self._take)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS_S), self._telling:
                    pass
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def round(self) -> None:
        """Tell of what is due; what does not work becomes due again later."""
        async with self._telling:
            now = self._clock.monotonic_s()
            if now - self._looked_at >= LOOK_S:
                self._look()
            due = [name for name, at in self._due.items() if at <= now]
            for name in due:
                del self._due[name]
            await asyncio.gather(*(self._tell(name) for name in due))

    def _look(self) -> None:
        self._looked_at = self._clock.monotonic_s()
        for incident in self._book.live():
            self._take(incident)

    def _take(self, incident: Incident) -> None:
        """Tell of an incident in the next round, if it is a ticket somewhere."""
        if incident.ticket is not None:
            self._due[incident.tenant, incident.id] = self._clock.monotonic_s()
            self._wake.set()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s()):
                    await self._wake.wait()
            if self._wake.is_set():
                await asyncio.sleep(GATHER_S)
                self._wake.clear()
            await self.round()

    def _pause_s(self) -> float:
        next_at = min([self._looked_at + LOOK_S, *self._due.values()])
        return max(next_at - self._clock.monotonic_s(), GATHER_S)

    async def _tell(self, name: _Name) -> None:
        async with self._places:
            try:
                told = await self._told(*name)
            except StoreFailure as failure:
                log.warning("the ticket of %s is told again in a while: %s", name[1], failure)
                told = False
            except Exception:
                log.exception("the ticket of %s could not be told in an unforeseen way", name[1])
                told = False
        if told:
            self._failed.pop(name, None)
            return
        failures = self._failed[name] = self._failed.get(name, 0) + 1
        wait_s = min(RETRY_S * 2 ** min(failures - 1, 10), LONGEST_RETRY_S)
        self._due.setdefault(name, self._clock.monotonic_s() + wait_s)

    async def _told(self, tenant: str, id: str) -> bool:
        """Tell of an incident as it is; True where that worked, or there is nobody to tell. Raises StoreFailure."""
        # Both at once: the text of a version must be the one that belongs to it.
        async with self._book.changing():
            incident = await self._book.get(tenant, id)
            found = await self._journal.find(Search(tenant, incident=id, limit=_SEARCHED))
        news, ticket = [entry for entry in found if is_news(entry)][:_NEWS], incident.ticket
        if ticket is None or not news:
            return True
        if ticket.receiver not in self.receivers:
            log.warning("the ticket of %s stays as it is: there is no receiver %r any more", id, ticket.receiver)
            return True
        flush = ticket_flush(incident, ticket, news, self._external_url, self._clock.now_ms())
        told = await self._teller.notify(flush)
        await self._link(incident, self._teller.addresses(flush))
        return told

    async def _link(self, incident: Incident, addresses: Sequence[str]) -> None:
        if all(any(link.url == address for link in incident.links) for address in addresses):
            return
        async with self._book.changing():
            now = await self._book.get(incident.tenant, incident.id)
            change = linked_ticket(now, addresses, self._clock.now_ms())
            if change[1]:
                await self._book.keep(change)
