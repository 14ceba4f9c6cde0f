"""Recurrence rules of events, with bounds on what an expansion may cost (RFC 5545, 3.3.10)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice, product, starmap

from watchkeeper.base.ical.failure import CalendarFailure
from watchkeeper.base.ical.recurrence import FREQUENCIES, Effort, Pattern, read_pattern
from watchkeeper.base.ical.zone import EARLIEST, LATEST, Zone, local_of

_RULE = re.compile(r"[A-Z]+=[A-Z0-9,+-]+(?:;[A-Z]+=[A-Z0-9,+-]+)*")
_LONGEST = 400
_MOST_COUNTED = 5000
_TIMES = {"BYHOUR": 23, "BYMINUTE": 59, "BYSECOND": 59}
_PARTS = {
    *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"),
    *("BYSETPOS", *_TIMES),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Local times of what recurs, at `times` of some days: none is before `start`, none after `until`."""

    pattern: Pattern
    times: tuple[time, ...]
    start: datetime
    until: datetime

    def between(self, since: datetime, until: datetime, effort: Effort | None = None) -> Iterator[datetime]:
        """Those from one local time to another, both inclusive, in order.

        Raises CalendarFailure where they are more work than `effort` allows.
        """
        first, last = max(since, self.start), min(until, self.until)
        if last < first:
            return
        for day in self.pattern.days(first.date(), last.date(), effort or Effort(math.inf)):
            for at in self.times:
                if first <= (one := datetime.combine(day, at)) <= last:
                    yield one


def read_rule(text: str, start: datetime, zone: Zone, line: int, effort: Effort, most_a_day: int = 1) -> Rule:
    """The rule of what begins at `start` for the first time, and not more than so many times a day.

    Raises CalendarFailure, also where looking for its first occurrences is more work than is left.
    """
    bare = text.strip().upper()
    if len(bare) > _LONGEST or not _RULE.fullmatch(bare):
        raise CalendarFailure("this is no recurrence rule: right would be FREQ=WEEKLY;BYDAY=SU", line)
    parts = dict(part.split("=", 1) for part in bare.split(";"))
    if (frequency := parts.get("FREQ", "")) not in FREQUENCIES:
        raise CalendarFailure(f'FREQ is "{frequency}": DAILY, WEEKLY, MONTHLY or YEARLY would be right', line)
    try:
        if unknown := parts.keys() - _PARTS:
            raise ValueError(f"there is no {min(unknown)}")
        interval, count = (_number(parts.get(name, "1"), name, _MOST_COUNTED) for name in ("INTERVAL", "COUNT"))
        until = _until(parts["UNTIL"], zone) if "UNTIL" in parts else LATEST
        times = _times(parts, start.time(), most_a_day)
        rule = Rule(read_pattern(parts, interval, start.date()), times, start, until)
    except (ValueError, OverflowError) as error:
        raise CalendarFailure(f"this is no recurrence rule: {error}", line) from None
    try:
        return _counted(rule, count if "COUNT" in parts else 0, effort)
    except CalendarFailure as failure:
        raise CalendarFailure(failure.text, line) from None


def _counted(rule: Rule, count: int, effort: Effort) -> Rule:
    """The rule up to the last that counts (0: all do). Raises CalendarFailure where it leads to nothing at all."""
    first = list(islice(rule.between(rule.start, rule.until, effort), count or 1))
    if not first and not count and rule.until == LATEST:
        raise CalendarFailure("its rule falls on no day at all")
    if not count:
        return rule
    return Rule(rule.pattern, rule.times, rule.start, first[-1] if first else EARLIEST)


def _number(text: str, name: str, most: int) -> int:
    if not text.isdigit() or not 0 < int(text) <= most:
        raise ValueError(f"{name} {text[:20]} is no number from 1 to {most}")
    return int(text)


def _times(parts: Mapping[str, str], start: time, most: int) -> tuple[time, ...]:
    """The times of a day, in order. Raises ValueError."""
    hours, minutes, seconds = (
        {_of_clock(text, name) for text in parts[name].split(",")} if name in parts else {like}
        for name, like in zip(_TIMES, (start.hour, start.minute, start.second), strict=True)
    )
    count = len(hours) * len(minutes) * len(seconds)
    if count > most:
        right = "once" if most == 1 else f"{most} times at the most"
        raise ValueError(f"it begins {count} times a day: {right} would be right")
    if count > 1 and "BYSETPOS" in parts:
        raise ValueError("BYSETPOS picks among days: one time of the day would be right with it")
    return tuple(sorted(starmap(time, product(hours, minutes, seconds))))


def _of_clock(text: str, name: str) -> int:
    if not text.isdigit() or int(text) > _TIMES[name]:
        raise ValueError(f"{name} {text[:20]} is no number from 0 to {_TIMES[name]}")
    return int(text)


def _until(text: str, zone: Zone) -> datetime:
    if len(text) == len("20260101"):
        return datetime.strptime(text, "%Y%m%d") + timedelta(hours=23, minutes=59, seconds=59)  # noqa: DTZ007
    moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    return local_of(moment, zone) if text.endswith("Z") else moment
