"""The days that a recurrence rule falls on (RFC 5545, 3.3.10), looked for day by day, so that the cost is known."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from watchkeeper.base.ical.failure import CalendarFailure

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_LISTS = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
_POSITIVE = ("BYMONTH",)


@dataclass(slots=True)
class Effort:
    """How many days may still be looked at."""

    left: float

    def spend(self, days: int) -> None:
        """Look at so many. Raises CalendarFailure where those are too many."""
        self.left -= days
        if self.left < 0:
            raise CalendarFailure("its rules are too much work: right would be fewer, or such as come more often")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Days by their place in the month, the week and the year; one with no set of its own may be any.

    `week_days` are pairs of a weekday (Monday is 0) and which of its kind it is in the month or year, 0 for all. Only
    every `interval`th day, week (from `week_start` on), month or year counts, from that of `start` on. `positions` pick
    among the days of one of these.
    """

    frequency: str
    start: date
    interval: int = 1
    week_start: int = 0
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    week_days: frozenset[tuple[int, int]] = frozenset()
    positions: frozenset[int] = frozenset()

    def days(self, since: date, until: date, effort: Effort) -> Iterator[date]:
        """From one day to another, both inclusive, in order. Raises CalendarFailure where `effort` does not suffice."""
        first = max(since, self.start)
        if not self.positions:
            yield from self._all(first, until, effort)
            return
        begin, end = self._period_begin(first), self._period_begin(until) + timedelta(days=366)
        for _, those in groupby(self._all(begin, min(end, date.max), effort), self._period):
            every = list(those)
            if every[0] > until:
                return
            picked = (day for i, day in enumerate(every) if self.positions & {i + 1, i - len(every)})
            yield from (day for day in picked if first <= day <= until)

    def _all(self, since: date, until: date, effort: Effort) -> Iterator[date]:
        """As `days`, whatever `positions` say, and before the start, too."""
        day = since
        while day <= until:
            end = min(until, day.replace(day=monthrange(day.year, day.month)[1]))
            if self._may_fall_into(day):
                effort.spend((end - day).days + 1)
                for number in range(day.toordinal(), end.toordinal() + 1):
                    if self._falls_on(one := date.fromordinal(number)):
                        yield one
            else:
                effort.spend(1)
            day = end + timedelta(days=1)

    def _may_fall_into(self, day: date) -> bool:
        """Say whether it may fall on any day of the day's month."""
        if self.months and day.month not in self.months:
            return False
        return self.frequency not in ("MONTHLY", "YEARLY") or self._counts(day)

    def _falls_on(self, day: date) -> bool:
        return (
            (self.frequency in ("MONTHLY", "YEARLY") or self._counts(day))
            and (not self.month_days or _has(self.month_days, day.day, monthrange(day.year, day.month)[1]))
            and (not self.week_days or self._weekday_fits(day))
            and (not self.year_days or _has(self.year_days, _year_day(day), _year_length(day.year)))
            and (not self.weeks or _has(self.weeks, *self._week(day)))
        )

    def _counts(self, day: date) -> bool:
        return self.interval == 1 or (self._period(day) - self._period(self.start)) % self.interval == 0

    def _period(self, day: date) -> int:
        """The number of the day's day, week, month or year."""
        match self.frequency:
            case "DAILY":
                return day.toordinal()
            case "WEEKLY":
                # The first of January of the year 1 was a Monday, and has the number 1.
                return (day.toordinal() - 1 - self.week_start) // 7
            case "MONTHLY":
                return day.year * 12 + day.month
            case _:
                return day.year

    def _period_begin(self, day: date) -> date:
        match self.frequency:
            case "DAILY":
                return day
            case "WEEKLY":
                return self._week_begin(day)
            case "MONTHLY":
                return day.replace(day=1)
            case _:
                return day.replace(month=1, day=1)

    def _weekday_fits(self, day: date) -> bool:
        weekday = day.weekday()
        if (weekday, 0) in self.week_days:
            return True
        in_month = self.frequency == "MONTHLY" or bool(self.months)
        number = day.day if in_month else _year_day(day)
        length = monthrange(day.year, day.month)[1] if in_month else _year_length(day.year)
        nth, nth_last = (number - 1) // 7 + 1, -((length - number) // 7 + 1)
        return (weekday, nth) in self.week_days or (weekday, nth_last) in self.week_days

    def _week_begin(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_start) % 7)

    def _week(self, day: date) -> tuple[int, int]:
        """The number of its week, and how many weeks the year has that the week belongs to."""
        # A week belongs to the year that most of its days lie in, which its fourth day does.
        fourth = self._week_begin(day) + timedelta(days=3)
        number = (_year_day(fourth) - 1) // 7 + 1
        return number, number + (_year_length(fourth.year) - _year_day(fourth)) // 7


def read_pattern(parts: Mapping[str, str], interval: int, start: date) -> Pattern:
    """The days that the parts of a rule mean, which say no time of day. Raises ValueError."""
    frequency = parts["FREQ"]
    week_start = parts.get("WKST", "MO")
    if week_start not in _DAYS:
        raise ValueError(f'WKST is "{week_start[:20]}": MO to SU would be right')
    months, month_days, year_days, weeks, positions = (_numbers(name, parts.get(name, "")) for name in _LISTS)
    week_days = frozenset(_week_day(text) for text in parts["BYDAY"].split(",")) if "BYDAY" in parts else frozenset()
    if frequency in ("DAILY", "WEEKLY"):
        week_days = frozenset((day, 0) for day, _ in week_days)
    if not (month_days or year_days or weeks or week_days):
        # What a rule leaves open is as its start is.
        if frequency == "YEARLY":
            months = months or frozenset({start.month})
        if frequency in ("MONTHLY", "YEARLY"):
            month_days = frozenset({start.day})
        if frequency == "WEEKLY":
            week_days = frozenset({(start.weekday(), 0)})
    first = _DAYS.index(week_start)
    return Pattern(frequency, start, interval, first, months, month_days, year_days, weeks, week_days, positions)


def _numbers(name: str, text: str) -> frozenset[int]:
    try:
        numbers = frozenset(int(one) for one in text.split(",")) if text else frozenset[int]()
    except ValueError:
        raise ValueError(f'{name} is "{text[:40]}": numbers would be right') from None
    least = 1 if name in _POSITIVE else -_LISTS[name]
    for number in numbers:
        if not number or not least <= number <= _LISTS[name]:
            raise ValueError(f"{name} has {number}: it would be right from {least} to {_LISTS[name]}, without 0")
    return numbers


def _week_day(text: str) -> tuple[int, int]:
    found = _DAY.fullmatch(text)
    if found is None or (found[1] is not None and not 1 <= abs(int(found[1])) <= 53):
        raise ValueError(f'BYDAY has "{text[:20]}": MO to SU would be right, or -1FR for the last Friday')
    return _DAYS.index(found[2]), int(found[1] or 0)


def _has(numbers: frozenset[int], number: int, most: int) -> bool:
    """Say whether a number of so many is meant, counted from the first or (below zero) from the last."""
    return number in numbers or number - most - 1 in numbers


def _year_day(day: date) -> int:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1


def _year_length(year: int) -> int:
    return 366 if isleap(year) else 365
