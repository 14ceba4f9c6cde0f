"""All recurring silences: those of files and those made through the API, and the silences that they lead to."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from watchkeeper.alerts.failure import RecurringSilenceConflict, UnknownSilence
from watchkeeper.alerts.recurring.keeping import RecurringKeeping
from watchkeeper.alerts.recurring.recurring import NAME, RecurringSilence
from watchkeeper.alerts.silence import Silence
from watchkeeper.alerts.silences import Silences
from watchkeeper.base.clock import Clock
from watchkeeper.journal import Entry, Journal, Kind

AHEAD_MS = 86_400_000
"""How long before its beginning an occurrence is kept, so that it is there whatever happens in between."""


class RecurringSilences:
    """`open` before use. Nothing is planned before the first `apply`: what files say must be known, too."""

    def __init__(self, keeping: RecurringKeeping, silences: Silences, clock: Clock, journal: Journal) -> None:
        self._keeping = keeping
        self._silences = silences
        self._clock = clock
        self._journal = journal
        self._of_files: Mapping[tuple[str, str], RecurringSilence] | None = None
        self._made: dict[tuple[str, str], RecurringSilence] = {}
        self._planning = asyncio.Lock()

    async def open(self) -> None:
        """Take up those that were made through the API. Raises StoreFailure."""
        self._made = {(one.tenant, one.name): one for one in await self._keeping.open()}

    def apply(self, of_files: Sequence[RecurringSilence]) -> None:
        """Live by what files say from now on; `plan` makes it true. A file's goes before a made one of its name."""
        self._of_files = {(one.tenant, one.name): one for one in of_files}

    def all(self, tenant: str) -> list[RecurringSilence]:
        """A tenant's, by their names."""
        return sorted((one for one in self._all() if one.tenant == tenant), key=lambda one: one.name)

    def get(self, tenant: str, name: str) -> RecurringSilence:
        """The one of that name. Raises UnknownSilence."""
        for one in self._all():
            if (one.tenant, one.name) == (tenant, name):
                return one
        raise UnknownSilence(f'there is no recurring silence "{name}"')

    async def make(self, recurring: RecurringSilence, actor: str = "") -> None:
        """Keep a new one, made by the `actor` or whose it says it is.

        Raises RecurringSilenceConflict where its name is taken, StoreFailure.
        """
        if any((one.tenant, one.name) == (recurring.tenant, recurring.name) for one in self._all()):
            raise RecurringSilenceConflict(f'there is a recurring silence "{recurring.name}" already')
        await self._keep(recurring, Kind.SILENCE_CREATED, "was made", actor or recurring.created_by)

    async def change(self, recurring: RecurringSilence, actor: str = "") -> None:
        """Put one in the place of the one of its name; occurrences as they were end.

        Raises UnknownSilence, RecurringSilenceConflict where it belongs to a file, StoreFailure.
        """
        self._own(recurring.tenant, recurring.name)
        await self._keep(recurring, Kind.SILENCE_CHANGED, "was changed", actor)

    async def delete(self, tenant: str, name: str, actor: str = "") -> None:
        """Let one go, and end its occurrences. Raises as `change`."""
        recurring = self._own(tenant, name)
        happened = self._entry(recurring, Kind.SILENCE_EXPIRED, "was deleted", actor)
        await self._keeping.delete(recurring, self._journal.writes([happened]))
        del self._made[tenant, name]
        await self.plan(actor)

    async def plan(self, actor: str = "") -> None:
        """Keep the silences that are to be active now or soon; end those that nothing leads to. Raises StoreFailure.

        Those end by the `actor`, empty where that is nobody who is known.
        """
        if self._of_files is None:
            return
        async with self._planning:
            now, every = self._clock.now_ms(), self._all()
            occurrences = [silence for one in every for silence in one.occurrences(now, now + AHEAD_MS)]
            versions = {version for one in every for version in one.versions(now, now + AHEAD_MS)}
            for silence in await self._silences.plan(occurrences, versions, actor):
                self._journal.record(_planned(silence, now))

    def current(self) -> Collection[str]:
        """The ids of silences that would be made again if they were forgotten."""
        now = self._clock.now_ms()
        return {silence.id for one in self._all() for silence in one.occurrences(now, now + AHEAD_MS)}

    def _all(self) -> Collection[RecurringSilence]:
        return {**self._made, **(self._of_files or {})}.values()

    def _own(self, tenant: str, name: str) -> RecurringSilence:
        found = self.get(tenant, name)
        if found.source == "file":
            raise RecurringSilenceConflict(f'the recurring silence "{name}" comes from a file: it is changed there')
        return found

    async def _keep(self, recurring: RecurringSilence, kind: Kind, what: str, actor: str) -> None:
        await self._keeping.put(recurring, self._journal.writes([self._entry(recurring, kind, what, actor)]))
        self._made[recurring.tenant, recurring.name] = recurring
        await self.plan(actor)

    def _entry(self, recurring: RecurringSilence, kind: Kind, what: str, actor: str) -> Entry:
        by = f" by {actor}" if actor else ""
        text = f'The recurring silence "{recurring.name}" {what}{by}.'
        details = {NAME: recurring.name, "matchers": [str(matcher) for matcher in recurring.matchers]}
        now = self._clock.now_ms()
        return Entry(kind, now, text, recurring.tenant, actor, details=details)


def _planned(silence: Silence, now: int) -> Entry:
    name = silence.annotations[NAME]
    span = f"from {_text(silence.starts_at)} to {_text(silence.ends_at)}"
    text = f'The recurring silence "{name}" mutes {span}.'
    details = {"silence": silence.id, NAME: name, "starts_at": silence.starts_at, "ends_at": silence.ends_at}
    return Entry(Kind.SILENCE_CREATED, now, text, silence.tenant, details=details)


def _text(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
