"""All silences: made, changed, ended, and asked whom they mute (Alertmanager's `silence.Silences`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from watchkeeper.alerts.failure import InvalidSilence, UnknownSilence
from watchkeeper.alerts.held import HeldAlert
from watchkeeper.alerts.history import silence_ended, silence_expired, silence_set
from watchkeeper.alerts.limits import AlertLimits
from watchkeeper.alerts.recurring.recurring import version_of
from watchkeeper.alerts.silence import Silence, SilenceState
from watchkeeper.alerts.silence_index import SilenceIndex
from watchkeeper.alerts.silence_keeping import SilenceKeeping
from watchkeeper.base.clock import Clock
from watchkeeper.journal import Entry

NO_LIMITS = AlertLimits()


class Silences:
    """The silences of all tenants, kept in the control database. `open` before use."""

    def __init__(
        self, keeping: SilenceKeeping, clock: Clock, new_id: Callable[[], str], limits: AlertLimits = NO_LIMITS
    ) -> None:
        self._keeping = keeping
        self._clock = clock
        self._new_id = new_id
        self._limits = limits
        self._all: dict[str, Silence] = {}
        self._index = SilenceIndex((), 0)
        self._changing = asyncio.Lock()
        self._ends_recorded_at = clock.now_ms()

    async def open(self) -> None:
        """Take up those that were kept. Raises StoreFailure."""
        self._take(await self._keeping.all())

    def every(self) -> list[Silence]:
        """The silences of all tenants."""
        return list(self._all.values())

    def all(self, tenant: str) -> list[Silence]:
        """A tenant's silences: active ones by their end, pending ones by their beginning, expired ones latest first."""
        now = self._clock.now_ms()
        own = [silence for silence in self._all.values() if silence.tenant == tenant]
        return sorted(own, key=lambda silence: _place(silence, now))

    def get(self, tenant: str, id: str) -> Silence:
        """One silence. Raises UnknownSilence."""
        silence = self._all.get(id)
        if silence is None or silence.tenant != tenant:
            raise UnknownSilence("silence not found")
        return silence

    async def set(self, silence: Silence, actor: str = "") -> str:
        """Make a silence, or change the one with its id; the id that it has now.

        The `actor` does it, where that is not whose silence it says it is. A change that would falsify what was muted
        so far ends the old silence and makes a new one. Raises UnknownSilence where there is none of its id,
        InvalidSilence, StoreFailure.
        """
        async with self._changing:
            now = self._clock.now_ms()
            silence.check()
            old = self.get(silence.tenant, silence.id) if silence.id else None
            if old is not None and old.can_become(silence, now):
                self._check_size(silence)
                changed = replace(silence, updated_at=now)
                await self._put([changed], [silence_set(changed, now, actor, changed=True)])
                return silence.id
            self._check_count()
            self._check_size(silence)
            new = replace(silence, id=self._new_id(), starts_at=max(silence.starts_at, now), updated_at=now)
            ends = old is not None and old.state(now) is not SilenceState.EXPIRED
            happened = [silence_ended(old, now, actor or silence.created_by)] if old is not None and ends else []
            replaced = [_ended(old, now)] if old is not None and ends else []
            await self._put([*replaced, new], [*happened, silence_set(new, now, actor)])
            return new.id

    async def expire(self, tenant: str, id: str, reason: Entry | None = None, *, actor: str = "") -> None:
        """End a silence now; one that has ended stays as it is. Raises UnknownSilence, StoreFailure.

        A `reason` is recorded instead of saying that the `actor`, or somebody, ended it.
        """
        async with self._changing:
            silence, now = self.get(tenant, id), self._clock.now_ms()
            if silence.state(now) is not SilenceState.EXPIRED:
                happened = reason or silence_ended(silence, now, actor)
                await self._put([_ended(silence, now)], [happened])

    def record_ends(self) -> None:
        """Record the silences that have ended by themselves since the last time."""
        before, now = self._ends_recorded_at, self._clock.now_ms()
        self._ends_recorded_at = max(before, now)
        ended = [one for one in self._all.values() if before < one.ends_at <= now and one.updated_at < one.ends_at]
        self._keeping.record([silence_expired(one, now) for one in ended])

    async def plan(self, occurrences: Iterable[Silence], versions: Collection[str], actor: str = "") -> list[Silence]:
        """Keep occurrences of recurring silences; those that are new. Raises StoreFailure.

        What is there already stays as people have left it. Occurrences of other versions than these end now, by the
        `actor` who changed what they come from.
        """
        async with self._changing:
            now = self._clock.now_ms()
            new = [
                replace(one, starts_at=max(one.starts_at, now), updated_at=now)
                for one in occurrences
                if one.id not in self._all
            ]
            stale = [one for one in self._all.values() if _is_stale(one, versions, now)]
            if new or stale:
                happened = [silence_ended(one, now, actor) for one in stale]
                await self._put([*(_ended(one, now) for one in stale), *new], happened)
            return new

    async def forget_old(self, current: Collection[str] = ()) -> None:
        """Delete those that ended long ago, but none whose id is among `current`. Raises StoreFailure."""
        async with self._changing:
            horizon = self._clock.now_ms() - self._limits.retention_ms
            old = [one.id for one in self._all.values() if one.ends_at < horizon and one.id not in current]
            if old:
                await self._keeping.delete(old)
                for id in old:
                    del self._all[id]

    def muting(self, held: HeldAlert, at: int) -> tuple[str, ...]:
        """The ids of the silences that mute an alert at the instant `at`; remembered until a silence changes."""
        if not self._index.holds(at):
            self._index = SilenceIndex(self._all.values(), at, self._index.version + 1)
        version, ids = held.silences
        if version != self._index.version:
            ids = self._index.muting(held.alert)
            held.silences = self._index.version, ids
        return ids

    def count(self) -> dict[SilenceState, int]:
        """How many there are in each state."""
        now, counts = self._clock.now_ms(), dict.fromkeys(SilenceState, 0)
        for silence in self._all.values():
            counts[silence.state(now)] += 1
        return counts

    def _check_size(self, silence: Silence) -> None:
        size, limit = silence.size_bytes, self._limits.silence_bytes
        if limit and size > limit:
            raise InvalidSilence(f"silence exceeded maximum size: {size} bytes (limit: {limit} bytes)")

    def _check_count(self) -> None:
        count, limit = len(self._all), self._limits.silences
        if limit and count >= limit:
            raise InvalidSilence(f"exceeded maximum number of silences: {count} (limit: {limit})")

    async def _put(self, silences: Sequence[Silence], happened: Sequence[Entry]) -> None:
        await self._keeping.put(silences, happened)
        self._take(silences)

    def _take(self, silences: Iterable[Silence]) -> None:
        self._all.update((silence.id, silence) for silence in silences)
        self._index = SilenceIndex(self._all.values(), self._clock.now_ms(), self._index.version + 1)


def _ended(silence: Silence, now: int) -> Silence:
    if silence.state(now) is SilenceState.EXPIRED:
        return silence
    return replace(silence, starts_at=min(silence.starts_at, now), ends_at=now, updated_at=now)


def _is_stale(silence: Silence, versions: Collection[str], now: int) -> bool:
    version = version_of(silence)
    return version != "" and version not in versions and silence.state(now) is not SilenceState.EXPIRED


def _place(silence: Silence, now: int) -> tuple[int, int]:
    match silence.state(now):
        case SilenceState.ACTIVE:
            return 0, silence.ends_at
        case SilenceState.PENDING:
            return 1, silence.starts_at
        case SilenceState.EXPIRED:
            return 2, -silence.ends_at
