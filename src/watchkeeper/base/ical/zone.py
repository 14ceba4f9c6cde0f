"""From local times to instants, by the names of zones or by a calendar's own VTIMEZONE."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol
from zoneinfo import ZoneInfo

from watchkeeper.base.ical.failure import CalendarFailure

EARLIEST, LATEST = datetime(1970, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001  # local times of any zone
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_OFFSET = re.compile(r"([+-])(\d\d)([0-5]\d)([0-5]\d)?")


class Zone(Protocol):
    """Where clocks show local times. A time that they jump over is as long after the jump as it would have been."""

    def instant(self, local: datetime) -> int:
        """When they show it, in ms since the epoch; the first time where they show it twice."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """A zone of the time zone database."""

    zone: ZoneInfo | timezone

    def instant(self, local: datetime) -> int:
        """As `Zone.instant`."""
        return (local.replace(tzinfo=self.zone, fold=0) - _EPOCH) // _MS


UTC_ZONE = Named(UTC)


@dataclass(frozen=True, slots=True)
class Described:
    """A zone that a calendar describes: local times from which on other offsets hold, in order."""

    onsets: tuple[datetime, ...]
    offsets: tuple[timedelta, ...]
    """One more than there are onsets: what holds before the first."""

    def instant(self, local: datetime) -> int:
        """As `Zone.instant`."""
        number = bisect_right(self.onsets, local)
        offset = self.offsets[number]
        if number and local < self.onsets[number - 1] + (offset - self.offsets[number - 1]):
            offset = self.offsets[number - 1]
        return (local.replace(tzinfo=UTC) - offset - _EPOCH) // _MS


def local_of(utc: datetime, zone: Zone) -> datetime:
    """What the clocks of a zone show at a time in UTC, to the hour of a jump."""
    ahead = utc - (_EPOCH + zone.instant(utc) * _MS).replace(tzinfo=None)
    return utc + ahead


def named(name: str) -> Named | None:
    """The zone of that name, which may have a prefix of the program that wrote it; None where there is none."""
    parts = name.strip().lstrip("/").split("/")
    for i in range(len(parts)):
        try:
            return Named(ZoneInfo("/".join(parts[i:])))
        except (OSError, ValueError, LookupError):
            continue
    return None


def offset_of(text: str, line: int) -> timedelta:
    """An offset such as +0100. Raises CalendarFailure."""
    if (found := _OFFSET.fullmatch(text.strip())) is None:
        raise CalendarFailure(f'"{text[:20]}" is no offset from UTC: right would be +0100', line)
    size = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    return -size if found[1] == "-" else size


def zone_of(name: str, described: Mapping[str, Described], line: int) -> Zone:
    """The zone that a TZID means. Raises CalendarFailure."""
    found = named(name) or described.get(name)
    if found is None:
        raise CalendarFailure(f'there is no time zone "{name[:60]}", and no VTIMEZONE describes it', line)
    return found
