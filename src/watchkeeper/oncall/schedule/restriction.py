"""When a layer counts at all: weekdays and times of day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchkeeper.oncall.schedule.local_time import instant, local_time

DAY_MIN = 1440
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another (ms), the end outside."""

    since: int
    until: int

    def holds(self, at: int) -> bool:
        """Say whether the instant lies within."""
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Restriction:
    """Certain weekdays (Monday is 0) from `start_min` to `end_min`, in minutes of local time after midnight.

    An end that is not after the start is on the next day; the weekday is that of the start.
    """

    weekdays: frozenset[int]
    start_min: int
    end_min: int

    def spans(self, since: int, until: int, zone: ZoneInfo) -> Iterator[Span]:
        """When it holds, as far as that touches the window, in order; never empty spans."""
        day = local_time(since, zone).date() - _DAY
        last = local_time(until, zone).date()
        length_min = self.end_min - self.start_min
        while day <= last:
            if day.weekday() in self.weekdays:
                midnight = datetime.combine(day, time())
                begin = midnight + timedelta(minutes=self.start_min)
                end = begin + timedelta(minutes=length_min if length_min > 0 else length_min + DAY_MIN)
                span = Span(instant(begin, zone), instant(end, zone))
                if span.since < span.until and span.since < until and since < span.until:
                    yield span
            day += _DAY

    def holds(self, at: int, zone: ZoneInfo) -> bool:
        """Say whether it holds at an instant."""
        return any(span.holds(at) for span in self.spans(at, at + 1, zone))
