"""The notification log: what each receiver was told of each group."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from watchkeeper.base.clock import Clock
from watchkeeper.base.jumps import Jumps
from watchkeeper.journal import Entry as Happened
from watchkeeper.journal import Journal
from watchkeeper.notify.dedup import Content, Told
from watchkeeper.notify.keeping import Entry, Keeping, State
from watchkeeper.notify.key import Key
from watchkeeper.store.control import ControlDatabase

RETENTION_MS = 120 * 3_600_000
"""How long an entry is kept at the most."""
SWEEP_MS = 15 * 60_000
"""How often entries that have expired are dropped; until then they count, as they do in Alertmanager."""


class NotificationLog:
    """In memory, and in the control database before anybody relies on it.

    What the journal is to know of an outcome, `happened`, is written together with it.
    """

    def __init__(self, control: ControlDatabase, journal: Journal, clock: Clock) -> None:
        self._keeping = Keeping(control, journal)
        self._clock = clock
        self._jumps = Jumps(clock)
        self._entries: dict[Key, Entry] = {}
        self._sweep_at = clock.now_ms() + SWEEP_MS
        self._swept_until = clock.now_ms() - SWEEP_MS
        """Entries that had expired by then are gone."""
        self._doubts: dict[Key, frozenset[int]] = {}
        """What was in doubt before the attempt under way: a failure is certain, and leaves just that in doubt."""

    async def open(self) -> None:
        """Read what is kept. Raises StoreFailure."""
        self._entries = await self._keeping.open(self._clock.now_ms(), self._swept_until)

    async def close(self) -> None:
        """Let what is being written end."""
        await self._keeping.close()

    def entry(self, key: Key) -> Entry | None:
        """The entry, where there is one that no sweep has found expired."""
        entry, late_ms = self._entries.get(key), self._aged_at() - self._sweep_at
        swept_until = self._sweep_at + late_ms // SWEEP_MS * SWEEP_MS if late_ms >= 0 else self._swept_until
        return entry if entry is not None and entry.expires_at > swept_until else None

    def told_of(self, integrations: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """The groups (tenant and key) of whose firing one of these (receiver and integration) was told, or may be."""
        aged_at = self._aged_at()
        return frozenset(
            (key.tenant, key.group_key)
            for key, entry in self._entries.items()
            if (key.receiver, key.integration) in integrations
            and entry.expires_at > aged_at
            and (entry.perhaps or (entry.told is not None and entry.told.firing))
        )

    async def sending(self, key: Key, content: Content, repeat_interval_ms: int, alerts: tuple[str, ...] = ()) -> None:
        """An attempt begins to tell of `alerts` (fingerprints); its outcome is unknown until it is recorded.

        Raises StoreFailure.
        """
        entry = self._changed(key, State.SENDING, repeat_interval_ms)
        self._doubts[key] = entry.perhaps
        await self._put(key, replace(entry, perhaps=entry.perhaps | content.firing, alerts=alerts))

    async def sent(
        self, key: Key, content: Content, repeat_interval_ms: int, memory: str = "", *happened: Happened
    ) -> None:
        """The receiver knows `content`. Raises StoreFailure."""
        told = Told(content.firing, content.resolved, self._clock.now_ms())
        entry = self._changed(key, State.SENT, repeat_interval_ms)
        self._doubts.pop(key, None)
        await self._put(key, replace(entry, told=told, memory=memory, perhaps=frozenset()), *happened)

    async def failed(self, key: Key, detail: str, repeat_interval_ms: int, *happened: Happened) -> None:
        """The receiver does not know. Raises StoreFailure."""
        entry = self._changed(key, State.FAILED, repeat_interval_ms)
        doubts = self._doubts.pop(key, entry.perhaps)
        await self._put(key, replace(entry, detail=detail, perhaps=doubts), *happened)

    async def withheld(self, key: Key, repeat_interval_ms: int, *happened: Happened) -> None:
        """The receiver knows, and is not told again because somebody has acknowledged. Raises StoreFailure."""
        await self._put(key, self._changed(key, State.WITHHELD, repeat_interval_ms), *happened)

    async def remember(self, key: Key, repeat_interval_ms: int) -> None:
        """Keep an entry while its group is not told again: its end must be told all the same. Raises StoreFailure."""
        entry, now = self.entry(key), self._clock.now_ms()
        lives_ms = min(2 * repeat_interval_ms, RETENTION_MS)
        if entry is not None and entry.expires_at - now < lives_ms // 2:
            await self._put(key, replace(entry, expires_at=now + lives_ms))

    def _aged_at(self) -> int:
        """By what time entries expire: a clock that is set forward makes none old, or the end of its alerts is lost."""
        return self._clock.now_ms() - self._jumps.ahead_ms

    def _changed(self, key: Key, state: State, repeat_interval_ms: int) -> Entry:
        """The entry in another state, with what was told and remembered before."""
        now = self._clock.now_ms()
        expires_at = now + min(2 * repeat_interval_ms, RETENTION_MS)
        before = self.entry(key)
        if before is None:
            return Entry(state, now, expires_at)
        expires_at = max(before.expires_at, expires_at)
        return replace(before, state=state, changed_at=now, expires_at=expires_at, detail="", alerts=())

    async def _put(self, key: Key, entry: Entry, *happened: Happened) -> None:
        self._entries[key] = entry
        await self._keeping.put(key, entry, *happened)
        if self._aged_at() >= self._sweep_at:
            await self._sweep()

    async def _sweep(self) -> None:
        rounds = (self._aged_at() - self._sweep_at) // SWEEP_MS
        self._swept_until = until = self._sweep_at + rounds * SWEEP_MS
        self._sweep_at = until + SWEEP_MS
        self._entries = {key: entry for key, entry in self._entries.items() if entry.expires_at > until}
        await self._keeping.expire(until)
