"""When one week is over and the next begins, on the clock of a zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchkeeper.alerts.intervals.ranges import minute_of_day
from watchkeeper.oncall.scalars import DAYS
from watchkeeper.oncall.schedule.local_time import instant, local_time

_WEEK = timedelta(days=7)
_SHORT = 3


@dataclass(frozen=True, slots=True)
class Week:
    """Ends on a weekday (Monday is 0) at a minute of the day, also where clocks change within it."""

    weekday: int
    minute: int
    time_zone: str

    def __str__(self) -> str:
        return f"{DAYS[self.weekday]} {self.minute // 60:02}:{self.minute % 60:02} {self.time_zone}"

    def last(self, at: int) -> tuple[int, int]:
        """Beginning and end (ms) of the last week that is over at the instant `at`."""
        zone = ZoneInfo(self.time_zone)
        today = local_time(at, zone).date()
        day = today - timedelta(days=(today.weekday() - self.weekday) % 7)
        end = datetime.combine(day, time()) + timedelta(minutes=self.minute)
        if instant(end, zone) > at:
            end -= _WEEK
        return instant(end - _WEEK, zone), instant(end, zone)


def read_week_time(text: str) -> tuple[int, int]:
    """The weekday and the minute of the day that `Mon 09:00` or `monday 09:00` names. Raises ValueError."""
    day, _, clock = text.strip().lower().partition(" ")
    known = {name: i for i, full in enumerate(DAYS) for name in (full, full[:_SHORT])}
    if day not in known or not clock:
        raise ValueError(f'"{text}" is no time of the week: right would be, for instance, Mon 09:00')
    return known[day], minute_of_day(clock.strip())
