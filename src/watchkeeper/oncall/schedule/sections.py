"""`schedules`: who takes turns, as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, model_validator

from watchkeeper.alerts.intervals.ranges import minute_of_day
from watchkeeper.base.configuration import DurationMs, FilePath, Secret, Section, Text, TimeZone
from watchkeeper.base.ical import Feed
from watchkeeper.notify.config.scalars import SecretURL
from watchkeeper.oncall.scalars import (
    DAYS,
    DateText,
    Moment,
    Name,
    TimeOfDay,
    Weekday,
    Weekdays,
    weekday,
    weekdays,
)
from watchkeeper.oncall.schedule.calendar_layer import CalendarLayer
from watchkeeper.oncall.schedule.layer import Layer
from watchkeeper.oncall.schedule.local_time import instant_of
from watchkeeper.oncall.schedule.override import Override
from watchkeeper.oncall.schedule.restriction import Restriction
from watchkeeper.oncall.schedule.schedule import Schedule

HOUR_MS = 3_600_000
_TURNS = {"daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


def _crew(value: object) -> object:
    """One person, or several at once."""
    return [value] if isinstance(value, str) else value


CrewNames = Annotated[tuple[Text, ...], BeforeValidator(_crew)]


class RestrictionSection(Section):
    """Weekdays, all where none are given, and times of day; an end that is not after the start is on the next day."""

    weekdays: tuple[Weekdays, ...] = ()
    start_time: TimeOfDay = "00:00"
    end_time: TimeOfDay = "24:00"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.start_time or not self.end_time:
            raise ValueError("a time of day is empty: HH:MM would be right")
        if self.start_time == "24:00":
            raise ValueError('start_time is "24:00": 00:00 of the next day would be right')
        return self

    def restriction(self) -> Restriction:
        """What it says."""
        days = frozenset[int]().union(*map(weekdays, self.weekdays)) if self.weekdays else frozenset(range(7))
        return Restriction(days, minute_of_day(self.start_time), minute_of_day(self.end_time))


class LayerSection(Section):
    """A rotation. `every` is the length of a turn where it is neither a day nor a week."""

    name: Text = ""
    rotation: Literal["daily", "weekly", "custom"]
    every_ms: DurationMs = 0
    start: DateText
    handover: TimeOfDay = "00:00"
    handover_day: Weekday = ""
    people: tuple[CrewNames, ...]
    restrictions: tuple[RestrictionSection, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.start:
            raise ValueError("start is empty: the date of the first turn would be right, such as 2026-01-05")
        if not self.people or not all(self.people):
            raise ValueError("people must name somebody for each turn")
        if self.handover in ("", "24:00"):
            raise ValueError(f'handover is "{self.handover}": HH:MM from 00:00 to 23:59 would be right')
        if self.rotation != "custom" and "every_ms" in self.model_fields_set:
            raise ValueError("every belongs to rotation: custom")
        if self.rotation == "custom" and (not self.every_ms or self.every_ms % HOUR_MS):
            raise ValueError("every must be whole hours where the rotation is custom, such as 12h or 3d")
        if self.handover_day and self.rotation != "weekly":
            raise ValueError("handover_day belongs to rotation: weekly")
        return self

    def layer(self, name: str, zone: ZoneInfo) -> Layer:
        """What it says; `name` is for one that has none."""
        first = date.fromisoformat(self.start)
        clock = (datetime.combine(first, time()) + timedelta(minutes=minute_of_day(self.handover))).time()
        day = weekday(self.handover_day or DAYS[first.weekday()])
        back = (first.weekday() - day) % 7 if self.rotation == "weekly" else 0
        return Layer(
            self.name or name,
            zone,
            datetime.combine(first, clock),
            datetime.combine(first - timedelta(days=back), clock),
            _TURNS.get(self.rotation) or timedelta(milliseconds=self.every_ms),
            self.people,
            tuple(one.restriction() for one in self.restrictions),
        )


class OverrideSection(Section):
    """Somebody else for a while; with `replaces`, only for the shifts of that person."""

    person: Text
    start: Moment
    end: Moment
    replaces: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.start or not self.end:
            raise ValueError("an override needs a start and an end, such as 2026-12-24T18:00")
        utc = ZoneInfo("UTC")
        if instant_of(self.end, utc) <= instant_of(self.start, utc):
            raise ValueError("end must be later than start")
        return self

    def override(self, zone: ZoneInfo) -> Override:
        """What it says."""
        return Override(self.person, instant_of(self.start, zone), instant_of(self.end, zone), self.replaces)


class ScheduleSection(Section):
    """Layers, the last of which goes first, a calendar, which goes before them, and overrides, which go before all."""

    name: Name
    time_zone: TimeZone = "UTC"
    layers: tuple[LayerSection, ...] = ()
    ical_file: FilePath = None
    ical_url: SecretURL = Secret("")
    overrides: tuple[OverrideSection, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.ical_file is not None and self.ical_url:
            raise ValueError("ical_file and ical_url are two calendars: one of them would be right")
        if not self.layers and self.ical_file is None and not self.ical_url:
            raise ValueError("a schedule needs at least one layer, or a calendar by ical_file or ical_url")
        return self

    def schedule(self, known: Mapping[str, str]) -> Schedule:
        """What it says; `known` leads from the names that events may have for people, in small letters, to people."""
        zone = ZoneInfo(self.time_zone)
        layers: list[Layer | CalendarLayer] = [one.layer(f"layer {i}", zone) for i, one in enumerate(self.layers, 1)]
        if self.ical_file is not None or self.ical_url:
            feed = Feed(f"schedule {self.name}", zone, self.ical_file, self.ical_url)
            layers.append(CalendarLayer("calendar", feed, known))
        return Schedule(self.name, zone, tuple(layers), tuple(one.override(zone) for one in self.overrides))
