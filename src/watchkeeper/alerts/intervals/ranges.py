"""Ranges as time intervals write them (`monday:friday`, `1:5`, `-3:-1`), both ends included, and times of day."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Member: TypeAlias = Callable[[str], int]
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_TIME = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """From `first` to `last`, both included."""

    first: int
    last: int

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last


def weekdays(text: str) -> Range:
    """Days of the week by name; Sunday is 0. Raises ValueError."""
    return _range(text, _weekday, "weekday")


def months(text: str) -> Range:
    """Months by name or number; January is 1. Raises ValueError."""
    return _range(text, _month, "month")


def years(text: str) -> Range:
    """Years. Raises ValueError."""
    return _range(text, _year, "year")


def days_of_month(text: str) -> Range:
    """Days of the month; -1 is the last one. Raises ValueError."""
    found = _range(text, _day_of_month, "day of the month", ordered=False)
    if found.first < 0 < found.last:
        raise ValueError(f'"{text}": where the first day is negative the last one must be, too')
    # The shortest month decides, counted as Alertmanager counts it.
    last = 28 + found.last if found.last < 0 < found.first else found.last
    if found.first > last:
        raise ValueError(f'"{text}": the last day is always before the first')
    return found


def minute_of_day(text: str) -> int:
    """The minutes since midnight of `HH:MM`, up to 24:00. Raises ValueError."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text}" is no time of day: HH:MM would be right, such as 09:00 or 24:00')
    hour, minute = (part for part in match.groups() if part is not None)
    return int(hour) * 60 + int(minute)


def _range(text: str, member: Member, what: str, *, ordered: bool = True) -> Range:
    parts = text.lower().split(":")
    if len(parts) > 2:
        raise ValueError(f'"{text}" is no range: one {what}, or FIRST:LAST, would be right')
    first, last = member(parts[0]), member(parts[-1])
    if ordered and first > last:
        raise ValueError(f'"{text}": the last {what} is before the first')
    return Range(first, last)


def _weekday(text: str) -> int:
    if text not in _DAYS:
        raise ValueError(f'"{text}" is no weekday: its English name would be right, such as monday')
    return _DAYS.index(text)


def weekday_name(number: int) -> str:
    """The name of a day of the week; Sunday is 0."""
    return _DAYS[number]


def _month(text: str) -> int:
    return _MONTHS.index(text) + 1 if text in _MONTHS else _number(text, "month")


def _year(text: str) -> int:
    return _number(text, "year")


def _day_of_month(text: str) -> int:
    day = _number(text, "day of the month")
    if not 1 <= abs(day) <= 31:
        raise ValueError(f'"{text}" is no day of the month: 1 to 31, or -31 to -1 from its end, would be right')
    return day


def _number(text: str, what: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'"{text}" is no {what}')
    return int(text)
