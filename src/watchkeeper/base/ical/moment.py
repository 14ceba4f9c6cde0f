"""Dates, times and durations as properties write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.base.ical.component import Property
from watchkeeper.base.ical.failure import CalendarFailure
from watchkeeper.base.ical.zone import UTC_ZONE, Described, Zone, local_of, zone_of

_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d))?", re.ASCII)
_DURATION = re.compile(
    r"\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A local time of a zone; `whole_day` where only the date is given."""

    local: datetime
    zone: Zone
    whole_day: bool = False

    @property
    def instant(self) -> int:
        """When it is, in ms since the epoch."""
        return self.zone.instant(self.local)

    def in_zone(self, zone: Zone) -> datetime:
        """What the clocks of a zone show then."""
        if zone == self.zone:
            return self.local
        return local_of(datetime(1970, 1, 1) + timedelta(milliseconds=self.instant), zone)  # noqa: DTZ001  # in UTC


def moments(written: Property, here: Zone, described: Mapping[str, Described]) -> list[Moment]:
    """The moments of a property, in `here` where it names no zone. Raises CalendarFailure."""
    name = written.parameters.get("TZID", "")
    zone = zone_of(name, described, written.line) if name else here
    return [_moment(text.strip(), zone, written.line) for text in written.value.split(",")]


def _moment(text: str, zone: Zone, line: int) -> Moment:
    begin = text.split("/")[0]
    utc = begin.endswith("Z")
    return Moment(local_time(begin.removesuffix("Z"), line), UTC_ZONE if utc else zone, "T" not in begin)


def local_time(text: str, line: int) -> datetime:
    """A date, or a date and time, without a zone. Raises CalendarFailure."""
    found = _TIME.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        return datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001  # its zone is known elsewhere
    except ValueError:
        raise CalendarFailure(f'"{text[:40]}" is no date or time: right would be 20260131T180000', line) from None


def duration(text: str, line: int) -> tuple[timedelta, timedelta]:
    """A duration's days, which follow the clock, and its hours, which pass. Raises CalendarFailure."""
    found = _DURATION.fullmatch(text.strip().upper())
    if found is None or not any(found.groups()):
        raise CalendarFailure(f'"{text[:40]}" is no duration: right would be PT2H or P1D', line)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days), timedelta(hours=hours, minutes=minutes, seconds=seconds)
