"""`severities` and `business_hours` as they are written."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from watchkeeper.alerts.intervals import ranges
from watchkeeper.alerts.severities.presets import PRESETS
from watchkeeper.base.configuration import Section, Text, TimeZone
from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.model.business_hours import BusinessHours
from watchkeeper.model.severity import Hours, Severities, Severity

NEXT_BUSINESS_DAY = "next_business_day"


def _within(text: str) -> str:
    if text not in ("", NEXT_BUSINESS_DAY):
        try:
            parse_duration_ms(text)
        except DurationFailure as failure:
            raise ValueError(f"{failure}; {NEXT_BUSINESS_DAY} is possible, too") from None
    return text


def _preset(text: str) -> str:
    if text and text not in PRESETS:
        raise ValueError(f'there is no preset "{text}": there are {", ".join(PRESETS)}')
    return text


def _days(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise ValueError("there is no day: monday:friday would be right")
    for text in texts:
        ranges.weekdays(text)
    return texts


def _minute(text: str) -> str:
    ranges.minute_of_day(text)
    return text


def _named(text: str) -> str:
    if not text:
        raise ValueError("it is empty: a value of the label would be right, such as critical")
    return text


Word = Annotated[Text, AfterValidator(_named)]


class SeveritySection(Section):
    """A level."""

    name: Word
    aliases: tuple[Word, ...] = ()
    respond_within: Annotated[Text, AfterValidator(_within)] = ""
    hours: Literal["always", "business"] = "always"
    color: Text = ""

    def severity(self) -> Severity:
        """The level that the section writes down."""
        by_next_day = self.respond_within == NEXT_BUSINESS_DAY
        ms = None if by_next_day or not self.respond_within else parse_duration_ms(self.respond_within)
        hours = Hours.BUSINESS if by_next_day else Hours(self.hours)
        return Severity(self.name, self.aliases, ms, by_next_day, hours, self.color)


class SeveritiesSection(Section):
    """Levels, the gravest first: a preset's, and others; one with the name of a preset's level stands in its place."""

    preset: Annotated[Text, AfterValidator(_preset)] = ""
    label: Word = "severity"
    levels: tuple[SeveritySection, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        seen: set[str] = set()
        for level in self.all():
            for word in (level.name, *level.aliases):
                if word in seen:
                    raise ValueError(f'"{word}" stands for two levels')
                seen.add(word)
        return self

    def all(self) -> tuple[Severity, ...]:
        """Every level."""
        own = {level.name: level.severity() for level in self.levels}
        if len(own) < len(self.levels):
            raise ValueError("two levels have the same name")
        preset = PRESETS.get(self.preset, ())
        return (*(own.pop(level.name, level) for level in preset), *own.values())


class BusinessHoursSection(Section):
    """When business hours are."""

    time_zone: TimeZone = "UTC"
    days: Annotated[tuple[Text, ...], AfterValidator(_days)] = ("monday:friday",)
    from_: Annotated[Text, AfterValidator(_minute)] = "09:00"
    to: Annotated[Text, AfterValidator(_minute)] = "17:00"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if ranges.minute_of_day(self.from_) >= ranges.minute_of_day(self.to):
            raise ValueError("from must lie before to")
        return self

    def hours(self) -> BusinessHours:
        """The hours that the section writes down."""
        spans = [ranges.weekdays(text) for text in self.days]
        # Sunday is the first day there, the last one here.
        days = frozenset((day - 1) % 7 for span in spans for day in range(span.first, span.last + 1))
        since, until = ranges.minute_of_day(self.from_), ranges.minute_of_day(self.to)
        return BusinessHours(days, since, until, self.time_zone)


class SeveritySections(Section):
    """The top level of a file, as far as it is about severities."""

    severities: SeveritiesSection = SeveritiesSection()
    business_hours: BusinessHoursSection = Field(default=BusinessHoursSection())


def severities_of(sections: SeveritySections) -> Severities:
    """The vocabulary that the sections write down."""
    return Severities(sections.severities.all(), sections.severities.label, sections.business_hours.hours())
