"""`recurring_silences` as they are written, in files and over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, model_validator

from watchkeeper.alerts.failure import InvalidSilence
from watchkeeper.alerts.matchers import matcher_text, read_matchers
from watchkeeper.alerts.recurring.recurring import RecurringSilence, Source
from watchkeeper.alerts.recurring.schedule import Schedule, ScheduleFailure
from watchkeeper.alerts.sections import MatchersText
from watchkeeper.alerts.silence import Silence
from watchkeeper.base.configuration import DurationMs, FilePath, PathName, Secret, Section, Text, TimeZone
from watchkeeper.base.ical import Feed
from watchkeeper.model.tenant import DEFAULT_TENANT


def _start(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f'"{text}" is no date and time: right would be 2026-01-04T02:00') from None
    if moment is not None and moment.tzinfo is not None:
        raise ValueError(f'"{text}" has an offset: it stands on the clock of time_zone, so 2026-01-04T02:00 is right')
    return text


class RecurringSilenceSection(Section):
    """One of `recurring_silences`: `cron` or `rrule` say when it begins, on the clock of `time_zone`.

    `ical_file` or `ical_url` lead to a calendar instead, each of whose events is an occurrence.
    """

    name: PathName
    matchers: tuple[MatchersText, ...] = ()
    cron: Text = ""
    rrule: Text = ""
    start: Annotated[Text, AfterValidator(_start)] = ""
    duration_ms: DurationMs = 0
    ical_file: FilePath = None
    ical_url: Secret = Secret("")
    time_zone: TimeZone = "UTC"
    created_by: Text = ""
    comment: Text = ""
    tenant: Text = DEFAULT_TENANT

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.start and not self.rrule:
            raise ValueError("start belongs to an rrule, which counts from it")
        if self.ical_file is not None and self.ical_url:
            raise ValueError("ical_file and ical_url are two calendars: one of them would be right")
        if self.ical_url and not self.ical_url.reveal().startswith(("http://", "https://")):
            raise ValueError("ical_url should be an http or https address")
        if self._feed() is None and "duration_ms" not in self.model_fields_set:
            raise ValueError('"duration" is missing: how long each occurrence mutes, such as 2h')
        try:
            recurring = self.recurring("file")
            Silence(recurring.matchers, 0, 1).check()
        except (ScheduleFailure, InvalidSilence) as failure:
            raise ValueError(str(failure)) from None
        return self

    def recurring(self, source: Source) -> RecurringSilence:
        """The silence that the section writes down."""
        start = datetime.fromisoformat(self.start) if self.start else None
        return RecurringSilence(
            self.name,
            tuple(matcher for text in self.matchers for matcher in read_matchers(text)),
            Schedule(self.duration_ms, self.cron, self.rrule, start, self.time_zone, self._feed()),
            self.created_by,
            self.comment,
            self.tenant,
            source,
        )

    def _feed(self) -> Feed | None:
        if self.ical_file is None and not self.ical_url:
            return None
        return Feed(f"recurring silence {self.name}", ZoneInfo(self.time_zone), self.ical_file, self.ical_url)


def section_of(recurring: RecurringSilence) -> RecurringSilenceSection:
    """How a silence is written down."""
    schedule = recurring.schedule
    return RecurringSilenceSection(
        name=recurring.name,
        matchers=tuple(map(matcher_text, recurring.matchers)),
        cron=schedule.cron,
        rrule=schedule.rrule,
        start=schedule.start.isoformat(timespec="minutes") if schedule.start is not None else "",
        duration_ms=schedule.duration_ms,
        ical_file=schedule.feed.file if schedule.feed is not None else None,
        ical_url=schedule.feed.url if schedule.feed is not None else Secret(""),
        time_zone=schedule.time_zone,
        created_by=recurring.created_by,
        comment=recurring.comment,
        tenant=recurring.tenant,
    )
