"""Instants at which a cron expression or a recurrence rule begins something, on the wall clock of a zone.

Where clocks go forward over a beginning, cron's comes with the change (as Debian's cron runs what it skipped), and a
rule's as long after the change as it would have been after the last hour before it (RFC 5545, 3.3.5). Where an hour
comes twice, both begin in its first passage only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from watchkeeper.base.ical import CalendarFailure
from watchkeeper.base.ical.recurrence import Effort
from watchkeeper.base.ical.rule import Rule, read_rule
from watchkeeper.base.ical.zone import EARLIEST, LATEST, Named

_FIELDS = 5
_EARLY = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_MOST_A_DAY = 96
"""How often a rule may begin on one day: each quarter of an hour."""
_SHOWN = 100


class Beginnings(Protocol):
    """When something begins."""

    def between(self, after: int | None, until: int | None) -> Iterator[int]:
        """Instants (ms) later than the one and not later than the other, where they are given; in order."""
        ...


@dataclass(frozen=True, slots=True)
class Cron:
    """An expression of five fields."""

    expression: str
    zone: ZoneInfo

    def between(self, after: int | None, until: int | None) -> Iterator[int]:
        """As `Beginnings.between`; from the year 2000 on where `after` is not given."""
        begin = _EARLY if after is None else _EPOCH + max(after, 0) * _MILLISECOND
        later = (ms for moment in self.moments(begin) if (ms := _ms(moment)) > _ms(begin))
        return takewhile(lambda ms: until is None or ms <= until, later)

    def moments(self, begin: datetime) -> Iterator[datetime]:
        """Those from an instant on. Raises CronSimError for what is no expression."""
        return CronSim(self.expression, begin.astimezone(self.zone))


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule of RFC 5545, over by the end of 2099."""

    rule: Rule
    zone: ZoneInfo

    def between(self, after: int | None, until: int | None) -> Iterator[int]:
        """As `Beginnings.between`."""
        # A day more at either side, because clocks that change have local times and instants in different orders.
        since = EARLIEST if after is None else self._local(after) - _DAY
        last = LATEST if until is None else self._local(until) + _DAY
        instants = map(Named(self.zone).instant, self.rule.between(since, last))
        return (ms for ms in instants if (after is None or ms > after) and (until is None or ms <= until))

    def _local(self, at: int) -> datetime:
        moment = min(_EPOCH + max(at, 0) * _MILLISECOND, LATEST.replace(tzinfo=UTC))
        return moment.astimezone(self.zone).replace(tzinfo=None)


def read_cron(expression: str, zone: ZoneInfo) -> Cron:
    """What five fields mean. Raises ValueError."""
    if len(expression.split()) != _FIELDS:
        raise ValueError(f'"{expression}" is no cron expression: five fields would be right, such as "0 2 * * SUN"')
    cron = Cron(expression, zone)
    try:
        cron.moments(_EARLY)
    except CronSimError as error:
        why = str(error).lower()
        raise ValueError(f'"{expression}" is no cron expression ({why}): right would be "0 2 * * SUN"') from None
    return cron


def read_recurrence(text: str, start: datetime, zone: ZoneInfo) -> Recurrence:
    """What a rule means that counts from `start` on the zone's clock. Raises ValueError."""
    if not EARLIEST <= start < LATEST:
        raise ValueError(f"a rule that counts from {start} is not taken: a start from 1970 to 2099 would be right")
    bare = text.strip().upper().removeprefix("RRULE:")
    try:
        # No bound is needed: there are few enough days from the first start to the last end.
        return Recurrence(read_rule(bare, start, Named(zone), 0, Effort(math.inf), _MOST_A_DAY), zone)
    except CalendarFailure as failure:
        raise ValueError(f'"{text[:_SHOWN]}": {failure.text}') from None


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
