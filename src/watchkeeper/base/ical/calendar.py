"""A whole calendar, and what of it happens when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from watchkeeper.base.ical.component import Component, read_component
from watchkeeper.base.ical.description import described
from watchkeeper.base.ical.event import Event, called, read_event
from watchkeeper.base.ical.failure import CalendarFailure
from watchkeeper.base.ical.moment import Moment
from watchkeeper.base.ical.onwards import Onwards, onwards
from watchkeeper.base.ical.recurrence import Effort
from watchkeeper.base.ical.zone import Described, Named

MOST_EVENTS, MOST_RULES, MOST_OCCURRENCES, MOST_ZONES, MOST_DATES = 20_000, 500, 20_000, 200, 50_000
MOST_DAYS = 500_000
"""How many days are looked at to find the first occurrences of all rules."""
_CHUNK_MS = 64 * 86_400_000
_CHUNKS_KEPT = 32
_LATEST_MS = 4_133_980_800_000
"""The end of the year 2100, by which all events are over."""


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """An event from one instant to another (ms), the end outside."""

    since: int
    until: int
    summary: str


class Calendar:
    """Events that do not change. What was asked of it is remembered, as it is asked again and again."""

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self._masters = [one for one in events if one.instead_of is None and not one.cancelled]
        self._instead = [one for one in events if one.instead_of is not None and not one.cancelled]
        self._replaced: defaultdict[str, set[int]] = defaultdict(set)
        for one in events:
            if one.instead_of is not None:
                self._replaced[one.uid].add(one.instead_of)
        self._onwards = onwards(events)
        self._chunks: dict[int, tuple[Occurrence, ...]] = {}

    def between(self, since: int, until: int) -> list[Occurrence]:
        """What happens in a window, wholly or in part, in order."""
        since, until = max(since, 0), min(until, _LATEST_MS)
        numbers = range(since // _CHUNK_MS, (until - 1) // _CHUNK_MS + 1)
        found = {one for number in numbers for one in self._chunk(number)}
        return sorted(one for one in found if one.since < until and since < one.until)

    def at(self, at: int) -> list[Occurrence]:
        """What happens at an instant."""
        return self.between(at, at + 1)

    @property
    def size(self) -> int:
        """How many events it has, each that recurs once."""
        return len(self._masters) + len(self._instead)

    @property
    def summaries(self) -> set[str]:
        """What its events are called."""
        return {one.summary for one in (*self._masters, *self._instead)}

    def _chunk(self, number: int) -> tuple[Occurrence, ...]:
        if number not in self._chunks:
            if len(self._chunks) >= _CHUNKS_KEPT:
                self._chunks.clear()
            begin = number * _CHUNK_MS
            every = self._occurrences(begin, begin + _CHUNK_MS)
            self._chunks[number] = tuple(islice(every, MOST_OCCURRENCES))
        return self._chunks[number]

    def _occurrences(self, since: int, until: int) -> Iterator[Occurrence]:
        for event in self._masters:
            for begin, one in self._begins(event, _utc(since), _utc(until)):
                yield from _within(begin, one, since, until)
        for event in self._instead:
            for begin in event.begins(_utc(since) - event.length, _utc(until)):
                yield from _within(begin, event, since, until)

    def _begins(self, event: Event, since: datetime, until: datetime) -> Iterator[tuple[Moment, Event]]:
        """When what of it that nothing else replaces begins, and which event says how it is then."""
        others, replaced = self._onwards.get(event.uid, Onwards()), self._replaced.get(event.uid, ())
        early = since - max(event.length, others.longest) - others.ahead
        for begin in event.begins(early, until + others.back):
            at = begin.instant
            if at in event.excluded or at in replaced:
                continue
            other = others.at(at)
            if other is None:
                yield begin, event
            elif not (other.cancelled or other.rules):
                yield other.put_off(begin), other


def read_calendar(text: str, zone: ZoneInfo) -> Calendar:
    """The calendar that a text is; times that name no zone are in `zone`. Raises CalendarFailure."""
    whole, effort = read_component(text), Effort(MOST_DAYS)
    clocks = [part for part in whole.parts if part.name == "VTIMEZONE"]
    if len(clocks) > MOST_ZONES:
        raise CalendarFailure(f"more than {MOST_ZONES} time zones are not taken")
    zones = {name.value: described(part, effort) for part in clocks if (name := part.first("TZID")) is not None}
    parts = [part for part in whole.parts if part.name == "VEVENT"]
    rules = [one for part in parts for one in part.all("RRULE")]
    if len(parts) > MOST_EVENTS or len(rules) > MOST_RULES:
        raise CalendarFailure(f"more than {MOST_EVENTS} events, or {MOST_RULES} that recur, are not taken")
    return Calendar(_events(parts, Named(zone), zones, effort))


def _events(parts: Sequence[Component], here: Named, zones: Mapping[str, Described], effort: Effort) -> list[Event]:
    """The events of VEVENTs. Raises CalendarFailure, which names the event."""
    events, dates = list[Event](), 0
    for part in parts:
        try:
            events.append(one := read_event(part, here, zones, effort))
            dates += len(one.dates) + len(one.excluded)
            if dates > MOST_DATES:
                raise CalendarFailure(f"with it there are more than {MOST_DATES} dates (RDATE, EXDATE)", part.line)
        except CalendarFailure as failure:
            raise CalendarFailure(failure.text, failure.line, called(part)) from None
    return events


def _within(begin: Moment, event: Event, since: int, until: int) -> Iterator[Occurrence]:
    """The occurrence of an event that begins then, where it is in the window."""
    at, end = begin.instant, event.end(begin)
    if at < end and at < until and since < end:
        yield Occurrence(at, end, event.summary)


def _utc(at: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).replace(tzinfo=None)
