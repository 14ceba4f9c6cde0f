"""When something that comes back begins and ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from watchkeeper.alerts.failure import AlertsFailure
from watchkeeper.alerts.recurring.beginnings import Beginnings, read_cron, read_recurrence
from watchkeeper.base.duration import format_duration
from watchkeeper.base.ical import Feed

_AHEAD_MS = 366 * 86_400_000
_TRIED = 20
"""How many beginnings are looked at when a schedule is checked."""


class ScheduleFailure(AlertsFailure):
    """A schedule that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant to another, ms since the epoch; `ends_at` is outside it."""

    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Begins by a cron expression of five fields, by a rule of RFC 5545 that counts from `start`, or by a calendar.

    Beginnings are on the wall clock of `time_zone`, durations are time that passes: across a change of the clocks two
    hours stay two hours. Raises ScheduleFailure for what is malformed, never begins, or begins again before it ends.
    """

    duration_ms: int
    cron: str = ""
    rrule: str = ""
    start: datetime | None = None
    time_zone: str = "UTC"
    feed: Feed | None = None
    _begins: Beginnings = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.feed is not None:
            if self.cron or self.rrule or self.start is not None or self.duration_ms:
                raise ScheduleFailure(
                    "a calendar says when it begins and ends: right would be no cron, rrule, start or duration"
                )
            return
        if bool(self.cron) == bool(self.rrule):
            raise ScheduleFailure("either cron or rrule says when it begins, and not both")
        if self.duration_ms <= 0:
            raise ScheduleFailure("duration must be longer than 0s")
        object.__setattr__(self, "_begins", self._read())
        first = list(islice(self._begins.between(None, None), _TRIED))
        if not first:
            from_start = f": it falls on no day from {self.start} to its end" if self.rrule else ""
            raise ScheduleFailure(f'"{self.cron or self.rrule}" never begins{from_start}')
        again = min((later - earlier for earlier, later in pairwise(first)), default=self.duration_ms)
        if again < self.duration_ms:
            every, long = format_duration(again), format_duration(self.duration_ms)
            raise ScheduleFailure(f"it begins again after {every}, before its {long} are over")

    def spans(self, at: int, until: int | None = None) -> Iterator[Span]:
        """Those that have not ended by the instant `at` and begin by `until`, where that is given; the earliest first.

        Of a calendar, those of a year at the most.
        """
        if self.feed is not None:
            last = at + _AHEAD_MS if until is None else until + 1
            events = self.feed.calendar.between(at, last)
            spans = dict.fromkeys(Span(one.since, one.until) for one in events)
            return iter(spans)
        after = at - self.duration_ms
        return (Span(begin, begin + self.duration_ms) for begin in self._begins.between(after, until))

    def _read(self) -> Beginnings:
        zone = ZoneInfo(self.time_zone)
        try:
            if self.cron:
                return read_cron(self.cron, zone)
            if self.start is None:
                raise ScheduleFailure("rrule needs a start, from which it counts")
            return read_recurrence(self.rrule, self.start, zone)
        except ValueError as error:
            raise ScheduleFailure(str(error)) from None


def local_text(at: int, zone: str) -> str:
    """An instant on the wall clock of a zone: `Sun 2026-03-29 03:00 CEST`."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M %Z")
