"""The hours in which somebody works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_WEEKDAYS = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """On certain days of the week (Monday is 0), from one minute of the day up to another, on the clock of a zone.

    `until` is outside, and at most 1440. All instants and durations are in ms; durations are time that passes, so that
    a day on which clocks change is as long as it is.
    """

    days: frozenset[int] = _WEEKDAYS
    since: int = 9 * 60
    until: int = 17 * 60
    time_zone: str = "UTC"

    def spans(self, at: int) -> Iterator[tuple[int, int]]:
        """Beginning and end of each day's hours that have not ended by the instant `at`, in order, for ever."""
        return ((begin, end) for _, begin, end in self._days(at))

    def after(self, at: int, ms: int) -> int:
        """The instant by which `ms` of business hours have passed since `at`; with 0, the next one within them."""
        for begin, end in self.spans(at):
            begin = max(begin, at)
            if end - begin >= ms:
                return begin + ms
            ms -= end - begin
        raise AssertionError("business hours never end")

    def end_of_next_day(self, at: int) -> int:
        """When the hours end of the first business day after the one on which the instant `at` lies."""
        today = datetime.fromtimestamp(at / 1000, ZoneInfo(self.time_zone)).date()
        return next(end for day, _, end in self._days(at) if day > today)

    def _days(self, at: int) -> Iterator[tuple[date, int, int]]:
        day = datetime.fromtimestamp(at / 1000, ZoneInfo(self.time_zone)).date()
        while True:
            if day.weekday() in self.days:
                begin, end = self._instant(day, self.since), self._instant(day, self.until)
                # Hours that clocks leave out when they go forward are empty.
                if begin < end and end > at:
                    yield day, begin, end
            day += _DAY

    def _instant(self, day: date, minute: int) -> int:
        midnight = datetime.combine(day, time())
        local = (midnight + timedelta(minutes=minute)).replace(tzinfo=ZoneInfo(self.time_zone))
        return round(local.astimezone(UTC).timestamp()) * 1000
