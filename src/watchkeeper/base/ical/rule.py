"""Recurrence rules, with bounds on what an expansion may cost (RFC 5545, 3.3.10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Protocol, cast

from dateutil.rrule import rrulestr

from watchkeeper.base.ical.failure import CalendarFailure
from watchkeeper.base.ical.zone import EARLIEST, LATEST, Zone, local_of

_STEPS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 0, "YEARLY": 0}
"""By how many days the start of a rule may be put off; 0 where it may not."""
_RULE = re.compile(r"[A-Z]+=[A-Z0-9,+-]+(?:;[A-Z]+=[A-Z0-9,+-]+)*")
_LONGEST = 400
_MOST_COUNTED = 5000
_ONCE_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")


class _Expanded(Protocol):
    def __iter__(self) -> Iterator[datetime]: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """Local times of what recurs: the first is `start`, none is after `until`."""

    parts: str
    step_days: int
    start: datetime
    until: datetime

    def between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Those from one local time to another, both inclusive, in order."""
        last = min(until, self.until)
        start = self.start
        if self.step_days and since > start:
            # A rule that counts in days or weeks is the same from any of its periods on.
            start += timedelta(days=(since - start).days // self.step_days * self.step_days)
        if last < start:
            return iter(())
        return (one for one in _expanded(self.parts, start, last) if one >= max(since, self.start))


def read_rule(text: str, start: datetime, zone: Zone, line: int) -> Rule:
    """The rule of an event that begins at `start` for the first time. Raises CalendarFailure."""
    bare = text.strip().upper()
    if len(bare) > _LONGEST or not _RULE.fullmatch(bare):
        raise CalendarFailure("this is no recurrence rule: right would be FREQ=WEEKLY;BYDAY=SU", line)
    parts = dict(part.split("=", 1) for part in bare.split(";"))
    if (frequency := parts.get("FREQ", "")) not in _STEPS:
        raise CalendarFailure(f'FREQ is "{frequency}": DAILY, WEEKLY, MONTHLY or YEARLY would be right', line)
    if any("," in parts.get(key, "") for key in _ONCE_A_DAY):
        raise CalendarFailure("an event that begins several times a day is not taken", line)
    try:
        interval = _number(parts.get("INTERVAL", "1"))
        count = _number(parts.pop("COUNT")) if "COUNT" in parts else 0
        until = _until(parts.pop("UNTIL"), zone) if "UNTIL" in parts else LATEST
        kept = ";".join(f"{key}={value}" for key, value in parts.items())
        if count:
            first = list(islice(_expanded(kept, start, until), count))
            until = first[-1] if first else EARLIEST
        else:
            next(iter(_expanded(kept, start, min(until, start + timedelta(days=400)))), None)
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise CalendarFailure(f"this is no recurrence rule: {error}", line) from None
    return Rule(kept, _STEPS[frequency] * interval, start, until)


def _expanded(parts: str, start: datetime, until: datetime) -> Iterator[datetime]:
    if until < start:
        return iter(())
    rule = cast("_Expanded", rrulestr(f"{parts};UNTIL={until:%Y%m%dT%H%M%S}", dtstart=start))
    return takewhile(lambda one: one <= until, iter(rule))


def _number(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= _MOST_COUNTED:
        raise ValueError(f"{text} is no number from 1 to {_MOST_COUNTED}")
    return int(text)


def _until(text: str, zone: Zone) -> datetime:
    if len(text) == len("20260101"):
        return datetime.strptime(text, "%Y%m%d") + timedelta(hours=23, minutes=59, seconds=59)  # noqa: DTZ007
    moment = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    return local_of(moment, zone) if text.endswith("Z") else moment
