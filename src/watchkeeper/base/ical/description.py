"""VTIMEZONE: when the offset of a zone changes (RFC 5545, 3.6.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from watchkeeper.base.ical.component import Component, Property
from watchkeeper.base.ical.failure import CalendarFailure
from watchkeeper.base.ical.moment import local_time
from watchkeeper.base.ical.recurrence import Effort
from watchkeeper.base.ical.rule import read_rule
from watchkeeper.base.ical.zone import EARLIEST, LATEST, UTC_ZONE, Described, offset_of

_MOST = 200
"""How many onsets of one kind are taken: more than a century's."""


def described(zone: Component, effort: Effort) -> Described:
    """The zone that a VTIMEZONE describes. Raises CalendarFailure."""
    if len(zone.parts) > _MOST:
        raise CalendarFailure(f"a VTIMEZONE with more than {_MOST} parts is not taken", zone.line)
    kinds = [part for part in zone.parts if part.name in ("STANDARD", "DAYLIGHT")]
    found = sorted((onset for part in kinds for onset in _onsets(part, effort)), key=lambda one: one[0])
    if not found:
        raise CalendarFailure("a VTIMEZONE needs STANDARD or DAYLIGHT", zone.line)
    return Described(tuple(at for at, _, _ in found), (found[0][1], *(to for _, _, to in found)))


def _onsets(part: Component, effort: Effort) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    before, after = (offset_of(_needed(part, name).value, part.line) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
    written = _needed(part, "DTSTART")
    start = max(local_time(written.value.removesuffix("Z"), written.line), EARLIEST.replace(year=1601))
    yield start, before, after
    for one in part.all("RDATE"):
        for text in one.value.split(",")[:_MOST]:
            yield local_time(text.removesuffix("Z")[:15], one.line), before, after
    for one in part.all("RRULE"):
        if "FREQ=YEARLY" not in one.value.upper():
            raise CalendarFailure("clocks change by rules with FREQ=YEARLY only", one.line)
        # Old rules are the same in each year: those before 1970 concern nobody.
        since = start if start >= EARLIEST else start.replace(year=1970, day=min(start.day, 28))
        rule = read_rule(one.value, since, UTC_ZONE, one.line, effort)
        for at in islice(rule.between(since, LATEST, effort), _MOST):
            if at != start:
                yield at, before, after


def _needed(part: Component, name: str) -> Property:
    if (found := part.first(name)) is None:
        raise CalendarFailure(f"{part.name} needs a {name}", part.line)
    return found
