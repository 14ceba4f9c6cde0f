"""Whether an instant lies in an interval (Alertmanager's `timeinterval`)."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from watchkeeper.alerts.intervals import ranges
from watchkeeper.alerts.intervals.ranges import Range
from watchkeeper.alerts.intervals.sections import TimeIntervalSection

Ranges = tuple[Range, ...] | None


@dataclass(frozen=True, slots=True)
class Interval:
    """Instants that lie in a range of every kind, on the clock and calendar of `zone` (None: this machine's).

    None for ranges stands for all; `times` are minutes of the day whose last one is outside.
    """

    times: Ranges = None
    weekdays: Ranges = None
    days_of_month: Ranges = None
    months: Ranges = None
    years: Ranges = None
    zone: tzinfo | None = UTC

    @classmethod
    def of(cls, section: TimeIntervalSection) -> Self:
        """The interval that a section writes down."""
        times = section.times
        return cls(
            None
            if times is None
            else tuple(Range(ranges.minute_of_day(t.start_time), ranges.minute_of_day(t.end_time)) for t in times),
            _read(ranges.weekdays, section.weekdays),
            _read(ranges.days_of_month, section.days_of_month),
            _read(ranges.months, section.months),
            _read(ranges.years, section.years),
            _zone(section.location),
        )

    def contains(self, at: int) -> bool:
        """Say whether the instant `at`, in ms since the epoch, lies in the interval."""
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return (
            (self.times is None or any(span.first <= minute < span.last for span in self.times))
            and _any(self.weekdays, local.isoweekday() % 7)
            and (self.days_of_month is None or any(_on(local, span) for span in self.days_of_month))
            and _any(self.months, local.month)
            and _any(self.years, local.year)
        )


def covers(intervals: Iterable[Interval], at: int) -> bool:
    """Say whether the instant lies in any of them."""
    return any(interval.contains(at) for interval in intervals)


def _read(read: Callable[[str], Range], texts: Sequence[str] | None) -> Ranges:
    return None if texts is None else tuple(read(text) for text in texts)


def _zone(name: str) -> tzinfo | None:
    if name == "Local":
        return None
    return ZoneInfo(name) if name else UTC


def _any(spans: Ranges, number: int) -> bool:
    return spans is None or any(number in span for span in spans)


def _on(local: datetime, span: Range) -> bool:
    """Say whether the day lies in days of the month that may count from its end."""
    length = calendar.monthrange(local.year, local.month)[1]
    first, last = (length + day + 1 if day < 0 else day for day in (span.first, span.last))
    return first <= local.day <= last
