"""Alerts from their firing to their end, and what people did meanwhile, as the journal tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from watchkeeper.journal import Entry, Kind

KINDS = (Kind.ALERT_FIRED, Kind.ALERT_RESOLVED, Kind.ALERT_MUTED, Kind.NOTIFICATION_SENT, Kind.ACKNOWLEDGED)
"""What the journal is read for."""


@dataclass(slots=True)
class Episode:
    """One alert from `since` to `until` (ms, None while it fires).

    `notifications` are the ids of the entries of notifications sent about it, `told_at` when the first of them was.
    `acknowledged_at` and `silenced_at` are when somebody first did so; a silence counts where it held the alert back
    only after people had been told of it.
    """

    fingerprint: str
    labels: Mapping[str, str]
    since: int
    until: int | None = None
    notifications: list[str] = field(default_factory=list[str])
    told_at: int | None = None
    group_keys: set[str] = field(default_factory=set[str])
    acknowledged_at: int | None = None
    silenced_at: int | None = None

    @property
    def acted_at(self) -> int | None:
        """When somebody first did something about it."""
        acts = [at for at in (self.acknowledged_at, self.silenced_at) if at is not None]
        return min(acts) if acts else None


class Episodes:
    """Puts entries of the journal together, in the order in which they were recorded."""

    def __init__(self) -> None:
        self.all: list[Episode] = []
        self._latest: dict[str, Episode] = {}

    def take(self, entry: Entry) -> None:
        """Take in one entry; what is about alerts that fired before the first one says nothing."""
        match entry.kind:
            case Kind.ALERT_FIRED:
                self._fired(entry)
            case Kind.ALERT_RESOLVED:
                self._ended(entry)
            case Kind.NOTIFICATION_SENT:
                self._told(entry)
            case Kind.ACKNOWLEDGED:
                for one in self._meant(entry):
                    one.acknowledged_at = entry.at if one.acknowledged_at is None else one.acknowledged_at
            case Kind.ALERT_MUTED:
                self._muted(entry)
            case _:
                return

    def _fired(self, entry: Entry) -> None:
        (fingerprint,), since = entry.alerts, cast("int", entry.details["startsAt"])
        before = self._latest.get(fingerprint)
        if before is not None and before.until is None:
            if before.since == since:
                return
            before.until = since
        labels = cast("Mapping[str, str]", entry.details["labels"])
        self._latest[fingerprint] = episode = Episode(fingerprint, labels, since)
        self.all.append(episode)

    def _ended(self, entry: Entry) -> None:
        (fingerprint,) = entry.alerts
        episode = self._latest.get(fingerprint)
        if episode is not None and episode.until is None:
            episode.until = max(cast("int", entry.details["endsAt"]), episode.since)

    def _told(self, entry: Entry) -> None:
        for fingerprint in entry.alerts:
            if (episode := self._latest.get(fingerprint)) is not None:
                episode.notifications.append(entry.id)
                episode.group_keys.add(entry.group_key)
                episode.told_at = entry.at if episode.told_at is None else episode.told_at

    def _muted(self, entry: Entry) -> None:
        if not entry.details.get("silences"):
            return
        for one in self._meant(entry):
            if one.silenced_at is None and one.told_at is not None:
                one.silenced_at = entry.at

    def _meant(self, entry: Entry) -> Iterator[Episode]:
        """The episodes under way that an entry is about: its alerts', or its group's where it names none."""
        named = [self._latest[one] for one in entry.alerts if one in self._latest]
        if not entry.alerts and entry.group_key:
            named = [one for one in self._latest.values() if entry.group_key in one.group_keys]
        return (one for one in named if one.until is None)
