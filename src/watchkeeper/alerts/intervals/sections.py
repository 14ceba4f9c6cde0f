"""`time_intervals` as they are written; what is checked here can be turned into intervals without failing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from watchkeeper.alerts.intervals import ranges
from watchkeeper.base.configuration import Section, Text
from watchkeeper.base.zone import zone_named


def _written(check: Callable[[str], object]) -> tuple[AfterValidator, ...]:
    def checked(text: str) -> str:
        check(text)
        return text

    return (AfterValidator(checked),)


def _zone(text: str) -> str:
    if text not in ("", "Local"):
        zone_named(text)
    return text


def _present(value: object) -> object:
    if not value:
        raise ValueError("a time of day is empty: HH:MM would be right")
    return value


TimeOfDay = Annotated[Text, *_written(ranges.minute_of_day), BeforeValidator(_present)]
Weekdays = Annotated[Text, *_written(ranges.weekdays)]
DaysOfMonth = Annotated[Text, *_written(ranges.days_of_month)]
Months = Annotated[Text, *_written(ranges.months)]
Years = Annotated[Text, *_written(ranges.years)]
Zone = Annotated[Text, AfterValidator(_zone)]


class TimeOfDayRange(Section):
    """From one time of day up to another, which is outside."""

    start_time: TimeOfDay
    end_time: TimeOfDay

    @model_validator(mode="after")
    def _check(self) -> Self:
        if ranges.minute_of_day(self.start_time) >= ranges.minute_of_day(self.end_time):
            raise ValueError("start_time must lie before end_time")
        return self


class TimeIntervalSection(Section):
    """Instants that are in one range of each list; a list that is absent says nothing, one without ranges never holds.

    `location` is the zone of the times and days, UTC where it is empty.
    """

    times: tuple[TimeOfDayRange, ...] | None = None
    weekdays: tuple[Weekdays, ...] | None = None
    days_of_month: tuple[DaysOfMonth, ...] | None = None
    months: tuple[Months, ...] | None = None
    years: tuple[Years, ...] | None = None
    location: Zone = ""


class NamedIntervals(Section):
    """Several intervals under a name that routes use; it covers what any of them covers."""

    name: Text
    time_intervals: tuple[TimeIntervalSection, ...] = ()

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.name:
            raise ValueError("a time interval's name is empty")
        return self
