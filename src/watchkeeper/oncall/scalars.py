"""Times, days and names as the sections about on-call write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from watchkeeper.alerts.intervals.ranges import minute_of_day
from watchkeeper.base.configuration import Text
from watchkeeper.oncall.schedule.local_time import check_year, instant_of

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def weekdays(text: str) -> frozenset[int]:
    """Days of the week, Monday being 0: one by its name, or `friday:monday`. Raises ValueError."""
    first, _, last = text.lower().partition(":")
    begin, end = weekday(first), weekday(last or first)
    return frozenset((begin + i) % 7 for i in range((end - begin) % 7 + 1))


def weekday(text: str) -> int:
    """A day of the week by its name, Monday being 0. Raises ValueError."""
    if text.lower() not in DAYS:
        raise ValueError(f'"{text}" is no weekday: its English name would be right, such as monday')
    return DAYS.index(text.lower())


def _checked(check: Callable[[str], Any]) -> AfterValidator:
    def checked(text: str) -> str:
        if text:
            check(text)
        return text

    return AfterValidator(checked)


def _date(text: str) -> date:
    try:
        read = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a date: right would be, for instance, 2026-01-31') from None
    check_year(text, read)
    return read


def _name(text: str) -> str:
    if text in ("", ".", "..") or any(c.isspace() or c in '/?#%"' for c in text):
        raise ValueError(f'"{text}" is no name: it must have something, and no spaces nor any of / ? # % "')
    return text


Name: TypeAlias = Annotated[Text, AfterValidator(_name)]
"""The name of a person or of what people share: in any script, but it can be part of a path."""
DateText: TypeAlias = Annotated[Text, _checked(_date)]
TimeOfDay: TypeAlias = Annotated[Text, _checked(minute_of_day)]
Moment: TypeAlias = Annotated[Text, _checked(lambda text: instant_of(text, ZoneInfo("UTC")))]
"""An instant in ISO 8601, in the schedule's zone where it names no offset."""
Weekday: TypeAlias = Annotated[Text, _checked(weekday)]
Weekdays: TypeAlias = Annotated[Text, _checked(weekdays)]
