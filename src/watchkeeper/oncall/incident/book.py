"""The incidents that people and alerts change, one change at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager

from watchkeeper.base.clock import Clock
from watchkeeper.journal import Journal
from watchkeeper.oncall.incident.changing import Changed
from watchkeeper.oncall.incident.failure import UnknownIncident
from watchkeeper.oncall.incident.incident import PREFIX, Incident, number_of
from watchkeeper.oncall.incident.keeping import Heard, IncidentKeeping
from watchkeeper.oncall.incident.sections import LONGEST_REOPEN_MS
from watchkeeper.store.control import ControlDatabase


class Book:
    """Within `changing` one may read and `keep`: what is kept is kept for good before anybody sees it."""

    def __init__(self, control: ControlDatabase, journal: Journal, clock: Clock) -> None:
        self.keeping = IncidentKeeping(control, journal)
        self._changing = asyncio.Lock()
        self._clock = clock
        self._live: dict[tuple[str, int], Incident] = {}
        self._doubtful = False
        self.watchers: list[Callable[[Incident], None]] = []
        """Are told of each incident that was kept, at once; they must be quick."""

    def __len__(self) -> int:
        return len(self._live)

    async def open(self) -> None:
        """Take up the incidents that alerts may still change. Raises StoreFailure."""
        await self.keeping.migrate()
        await self._read()

    @asynccontextmanager
    async def changing(self) -> AsyncGenerator[None]:
        """As long as this lasts, nobody else changes any. Raises StoreFailure."""
        async with self._changing:
            if self._doubtful:
                await self._read()
            yield

    async def _read(self) -> None:
        found = await self.keeping.live(self._clock.now_ms() - LONGEST_REOPEN_MS)
        self._live = {(one.tenant, one.number): one for one in found}
        self._doubtful = False

    def live(self) -> Collection[Incident]:
        """Those that are open, whose alerts fire, or that alerts may open again."""
        return list(self._live.values())

    async def get(self, tenant: str, id: str) -> Incident:
        """The incident of that id. Raises UnknownIncident and StoreFailure."""
        number = number_of(id)
        if number is not None:
            found = self._live.get((tenant, number)) or await self.keeping.one(tenant, number)
            if found is not None:
                return found
        raise UnknownIncident(f'there is no incident "{id}"')

    async def next_number(self, tenant: str) -> int:
        """The number of the next new incident. Raises StoreFailure."""
        return await self.keeping.last(tenant) + 1

    async def heard(self, tenant: str, request: str) -> Incident | None:
        """The incident that a request was about, if one of that name was heard. Raises StoreFailure."""
        number = await self.keeping.heard(tenant, request) if request else None
        return None if number is None else await self.get(tenant, f"{PREFIX}{number}")

    async def keep(self, *changes: Changed, request: str = "") -> None:
        """Keep incidents as they are now and record what happened, all or nothing. Raises StoreFailure.

        `request` is remembered to be about the last of them, if it has a name.
        """
        if not changes:
            return
        incidents = [incident for incident, _ in changes]
        try:
            last = incidents[-1]
            heard = Heard(last.tenant, request, last.number, self._clock.now_ms()) if request else None
            await self.keeping.put(incidents, [entry for _, entries in changes for entry in entries], heard)
        except BaseException:
            # A connection that breaks may do so before or after the database has kept what it was given.
            self._doubtful = True
            raise
        for one in incidents:
            self._live[one.tenant, one.number] = one
            for watcher in self.watchers:
                watcher(one)

    def forget_old(self) -> None:
        """Hold those no longer in memory that nothing but a person can change."""
        before = self._clock.now_ms() - LONGEST_REOPEN_MS
        old = [key for key, one in self._live.items() if not one.is_open and not one.fires and _end(one) < before]
        for key in old:
            del self._live[key]


def _end(incident: Incident) -> int:
    return incident.resolved_at or 0
