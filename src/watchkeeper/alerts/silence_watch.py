"""Silences that are about to end, and silences that nobody needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from watchkeeper.alerts.held import HeldAlert
from watchkeeper.alerts.matchers import matchers_text
from watchkeeper.alerts.notifier import Notifier
from watchkeeper.alerts.recurring.recurring import version_of
from watchkeeper.alerts.silence import Silence, SilenceState
from watchkeeper.alerts.silence_notes import SilenceNotes, Warned
from watchkeeper.alerts.silences import Silences
from watchkeeper.base.clock import Clock
from watchkeeper.base.duration import format_duration
from watchkeeper.journal import Entry, Journal, Kind
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush

ENDING, UNUSED = "SilenceEnding", "SilenceUnused"
_UNUSED_LASTS_MS = 3_600_000
_PATIENCE_MS = 20_000
_NEVER_REPEATED_MS = 120 * 3_600_000
_NOTES_PER_LIMIT = 20
"""How often a match is noted within the time after which a silence without any expires."""


@dataclass(frozen=True, slots=True)
class SilencePolicy:
    """When a receiver is warned of silences, and which of them expire early; 0 and empty: never. Times in ms."""

    warn_before_end_ms: int = 0
    warn_receiver: str = ""
    expire_unused_after_ms: int = 0


class SilenceWatch:
    """Looks at active silences from time to time; occurrences of recurring ones begin and end as planned."""

    def __init__(
        self, notes: SilenceNotes, silences: Silences, notifier: Notifier, clock: Clock, journal: Journal
    ) -> None:
        self._notes = notes
        self._silences = silences
        self._notifier = notifier
        self._clock = clock
        self._journal = journal
        self._matched: dict[str, int] = {}
        self._warned: dict[str, Warned] = {}
        self.policy = SilencePolicy()

    async def open(self) -> None:
        """Take up what was noted. Raises StoreFailure."""
        self._matched, self._warned = await self._notes.open()

    async def round(self, alerts: Iterable[HeldAlert]) -> None:
        """Warn of what ends soon, expire what matches none of the alerts for long. Raises StoreFailure."""
        now = self._clock.now_ms()
        active = {one.id: one for one in self._silences.every() if one.state(now) is SilenceState.ACTIVE}
        made = [one for one in active.values() if not version_of(one)]
        if self.policy.expire_unused_after_ms:
            await self._note_matches(made, [held.alert for held in alerts if not held.alert.is_resolved(now)], now)
            for silence in made:
                if now - self._used_at(silence) >= self.policy.expire_unused_after_ms:
                    await self._expire(silence, now)
        for silence in made:
            if self._ends_soon(silence, now) and silence.id not in self._warned:
                await self._warn(silence.id, _ending(silence, now))
        await self._tell(active, now)

    async def _note_matches(self, silences: Iterable[Silence], alerts: list[Alert], now: int) -> None:
        fresh_ms = self.policy.expire_unused_after_ms // _NOTES_PER_LIMIT
        found = {
            one.id: now
            for one in silences
            if now - self._matched.get(one.id, 0) >= fresh_ms
            and any(alert.tenant == one.tenant and one.matches(alert.labels) for alert in alerts)
        }
        if found:
            await self._notes.put_matches(found)
            self._matched.update(found)

    def _used_at(self, silence: Silence) -> int:
        """When it last matched something, began, or was changed by somebody."""
        return max(silence.starts_at, silence.updated_at, self._matched.get(silence.id, 0))

    async def _expire(self, silence: Silence, now: int) -> None:
        unused = format_duration(self.policy.expire_unused_after_ms)
        text = f"A silence of {silence.created_by or 'nobody'} for {matchers_text(silence.matchers)} expired: "
        text += f"it matched no alert for {unused}."
        details = {"silence": silence.id, "created_by": silence.created_by, "comment": silence.comment}
        reason = Entry(Kind.SILENCE_EXPIRED, now, text, silence.tenant, details=details)
        await self._silences.expire(silence.tenant, silence.id, reason)
        await self._warn(silence.id, _about(UNUSED, silence, now, now + _UNUSED_LASTS_MS, text))

    def _ends_soon(self, silence: Silence, now: int) -> bool:
        """Say whether it is time to warn; never of a silence that is shorter than the warning would be early."""
        early_ms = self.policy.warn_before_end_ms
        return silence.ends_at - silence.starts_at > early_ms and now < silence.ends_at <= now + early_ms

    async def _warn(self, id: str, alert: Alert) -> None:
        warned = Warned(alert)
        await self._notes.put_warning(id, warned)
        self._warned[id] = warned

    async def _tell(self, active: Mapping[str, Silence], now: int) -> None:
        for id, warned in list(self._warned.items()):
            if _is_over(warned.alert, active.get(id), now):
                ended = replace(warned.alert, ends_at=min(warned.alert.ends_at, now))
                if not warned.told or await self._flush(id, ended, now):
                    await self._notes.forget([id], [id])
                    del self._warned[id]
            elif not warned.told and await self._flush(id, warned.alert, now):
                self._warned[id] = replace(warned, told=True)
                await self._notes.put_warning(id, self._warned[id])

    async def _flush(self, id: str, alert: Alert, now: int) -> bool:
        receiver = self.policy.warn_receiver
        if not receiver:
            return True
        key = f'{{}}/silences:{{silence="{id}"}}'
        deadline = now + _PATIENCE_MS
        labels = Labels({"alertname": alert.labels["alertname"]})
        return await self._notifier.notify(
            Flush(receiver, key, labels, (alert,), _NEVER_REPEATED_MS, now, deadline, alert.tenant)
        )


def _ending(silence: Silence, now: int) -> Alert:
    until = datetime.fromtimestamp(silence.ends_at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    by = silence.created_by or "nobody"
    text = f"A silence of {by} for {matchers_text(silence.matchers)} ends at {until}: {silence.comment}"
    return _about(ENDING, silence, now, silence.ends_at, text)


def _about(name: str, silence: Silence, starts_at: int, ends_at: int, text: str) -> Alert:
    labels = Labels({"alertname": name, "silence": silence.id, "created_by": silence.created_by})
    return Alert(labels, {"summary": text}, starts_at, ends_at, "", silence.tenant)


def _is_over(alert: Alert, silence: Silence | None, now: int) -> bool:
    """Say whether there is nothing to warn of any more: the time has come, or the silence has another end now."""
    if alert.labels["alertname"] == ENDING and (silence is None or silence.ends_at != alert.ends_at):
        return True
    return alert.is_resolved(now)
