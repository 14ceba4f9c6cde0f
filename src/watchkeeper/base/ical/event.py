"""VEVENT: something that happens, once or again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchkeeper.base.ical.component import Component, Property
from watchkeeper.base.ical.failure import CalendarFailure
from watchkeeper.base.ical.moment import Moment, duration, moments
from watchkeeper.base.ical.recurrence import Effort
from watchkeeper.base.ical.rule import Rule, read_rule
from watchkeeper.base.ical.zone import EARLIEST, LATEST, Described, Zone

LONGEST = timedelta(days=400)
_MOST_DATES = 2000


@dataclass(frozen=True, slots=True)
class Event:
    """Begins at the local times of `start` and of what repeats it; lasts `by_clock`, then `passing`.

    `instead_of` is the instant of the occurrence of the event with the same `uid` whose place it takes; `cancelled`
    ones take it with nothing. With a `shift` it takes the places of all that follow, too, each put off by so much.
    """

    uid: str
    summary: str
    start: Moment
    by_clock: timedelta
    passing: timedelta
    rules: tuple[Rule, ...] = ()
    dates: tuple[Moment, ...] = ()
    excluded: frozenset[int] = frozenset()
    instead_of: int | None = None
    cancelled: bool = False
    shift: timedelta | None = None

    @property
    def length(self) -> timedelta:
        """How long it lasts, where clocks do not change."""
        return self.by_clock + self.passing

    def begins(self, since: datetime, until: datetime) -> Iterator[Moment]:
        """Beginnings between two local times, a day more at either side, in no order; some may come twice."""
        early, late = since - timedelta(days=1), until + timedelta(days=1)
        yield from (one for one in (self.start, *self.dates) if early <= one.local <= late)
        for rule in self.rules:
            yield from (Moment(local, self.start.zone, self.start.whole_day) for local in rule.between(early, late))

    def put_off(self, begin: Moment) -> Moment:
        """Where an occurrence is now that would begin then, were it not among those whose places this one takes."""
        return Moment(begin.in_zone(self.start.zone) + (self.shift or timedelta()), self.start.zone, begin.whole_day)

    def end(self, begin: Moment) -> int:
        """When the occurrence ends that begins then, in ms."""
        later = Moment(begin.local + self.by_clock, begin.zone)
        return later.instant + self.passing // timedelta(milliseconds=1)


def read_event(part: Component, here: Zone, described: Mapping[str, Described], effort: Effort) -> Event:
    """The event of a VEVENT. Raises CalendarFailure."""
    if (written := part.first("DTSTART")) is None:
        raise CalendarFailure("an event needs a DTSTART", part.line)
    start = moments(written, here, described)[0]
    if not EARLIEST <= start.local <= LATEST:
        raise CalendarFailure("events from 1970 to 2099 are taken, and no others", written.line)
    by_clock, passing = _length(part, start, here, described)
    instead = part.first("RECURRENCE-ID")
    original = moments(instead, here, described)[0] if instead is not None else None
    dates = [one for each in part.all("RDATE") for one in moments(each, here, described)]
    excluded = [one for each in part.all("EXDATE") for one in moments(each, here, described)]
    if len(dates) + len(excluded) > _MOST_DATES:
        raise CalendarFailure(f"an event has more than {_MOST_DATES} dates", part.line)
    summary, uid, status = (part.first(name) for name in ("SUMMARY", "UID", "STATUS"))
    return Event(
        uid.text if uid is not None else f"line {part.line}",
        summary.text.strip() if summary is not None else "",
        start,
        by_clock,
        passing,
        tuple(read_rule(one.value, start.local, start.zone, one.line, effort) for one in part.all("RRULE")),
        tuple(dates),
        frozenset(one.instant for one in excluded),
        original.instant if original is not None else None,
        status is not None and status.value.strip().upper() == "CANCELLED",
        _shift(start, original, instead) if original is not None and instead is not None else None,
    )


def called(part: Component) -> str:
    """What people know a VEVENT by: its summary, else its UID."""
    named = part.first("SUMMARY") or part.first("UID")
    return " ".join(named.text.split())[:60] if named is not None else ""


def _shift(start: Moment, original: Moment, instead: Property) -> timedelta | None:
    """By how much the clock shows another time from an occurrence on; None where only that one is another."""
    match instead.parameters.get("RANGE", "").upper():
        case "":
            return None
        case "THISANDFUTURE":
            shift = start.local - original.in_zone(start.zone)
        case other:
            raise CalendarFailure(f'RANGE is "{other[:40]}": THISANDFUTURE would be right', instead.line)
    if abs(shift) > LONGEST:
        raise CalendarFailure(f"occurrences are put off by {LONGEST.days} days at the most", instead.line)
    return shift


def _length(
    part: Component, start: Moment, here: Zone, described: Mapping[str, Described]
) -> tuple[timedelta, timedelta]:
    nothing = timedelta()
    if (ending := part.first("DTEND")) is not None:
        end = moments(ending, here, described)[0]
        same = end.zone == start.zone
        lengths = (end.local - start.local, nothing) if same else (nothing, _ms(end.instant - start.instant))
    elif (lasting := part.first("DURATION")) is not None:
        lengths = duration(lasting.value, lasting.line)
    else:
        lengths = (timedelta(days=1) if start.whole_day else nothing, nothing)
    if not nothing <= sum(lengths, nothing) <= LONGEST:
        raise CalendarFailure(f"an event lasts {LONGEST.days} days at the most, and ends after its start", part.line)
    return lengths


def _ms(number: int) -> timedelta:
    return timedelta(milliseconds=number)
