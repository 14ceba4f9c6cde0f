"""Instants at which a cron expression or a recurrence rule begins something, on the wall clock of a zone.

Where clocks go forward over a beginning, cron's comes with the change (as Debian's cron runs what it skipped), and a
rule's as long after the change as it would have been after the last hour before it (RFC 5545, 3.3.5). Where an hour
comes twice, both begin in its first passage only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias, cast
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from dateutil.rrule import rrulestr

Beginnings: TypeAlias = Iterator[int]
_FIELDS = 5
_EARLY = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RULE = re.compile(r"(?:[A-Z]+=[A-Z0-9,+-]+)(?:;[A-Z]+=[A-Z0-9,+-]+)*")
_UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})Z")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


class _Rule(Protocol):
    """What dateutil's rules can do, as far as it is needed here."""

    def xafter(self, dt: datetime, *, inc: bool) -> Iterator[datetime]: ...


def cron_beginnings(expression: str, zone: ZoneInfo, after: int | None) -> Beginnings:
    """Instants (ms) later than `after` that match five fields. Raises ValueError."""
    if len(expression.split()) != _FIELDS:
        raise ValueError(f'"{expression}" is no cron expression: five fields would be right, such as "0 2 * * SUN"')
    begin = _EARLY if after is None else _EPOCH + after * _MILLISECOND
    try:
        found = CronSim(expression, begin.astimezone(zone))
    except CronSimError as error:
        why = str(error).lower()
        raise ValueError(f'"{expression}" is no cron expression ({why}): right would be "0 2 * * SUN"') from None
    return (ms for moment in found if (ms := _ms(moment)) > _ms(begin))


def rule_beginnings(text: str, start: datetime, zone: ZoneInfo, after: int | None) -> Beginnings:
    """Instants (ms) later than `after` of a rule that counts from `start` on the zone's clock. Raises ValueError."""
    rule = _rule(text, start, zone)
    if after is None:
        begin = start
    else:
        # A day earlier, because clocks that change have local times and instants in different orders.
        begin = (_EPOCH + after * _MILLISECOND).astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    instants = (_ms(moment.replace(tzinfo=zone)) for moment in rule.xafter(begin, inc=True))
    return (ms for ms in instants if after is None or ms > after)


def _rule(text: str, start: datetime, zone: ZoneInfo) -> _Rule:
    bare = text.strip().upper().removeprefix("RRULE:")
    parts = dict(part.split("=", 1) for part in bare.split(";")) if _RULE.fullmatch(bare) else {}
    if parts.get("FREQ") not in _FREQUENCIES:
        right = f"FREQ={'|'.join(_FREQUENCIES)} and what narrows it, such as FREQ=WEEKLY;BYDAY=SU, would be right"
        raise ValueError(f'"{text}" is no recurrence rule: {right}')
    if not parts.get("INTERVAL", "1").strip("0"):
        raise ValueError(f'"{text}" is no recurrence rule: its INTERVAL is 0')
    try:
        return cast("_Rule", rrulestr(_UNTIL.sub(lambda until: _local(until[1], zone), bare), dtstart=start))
    except (ValueError, TypeError, LookupError) as error:
        raise ValueError(f'"{text}" is no recurrence rule: {error}') from None


def _local(utc: str, zone: ZoneInfo) -> str:
    """The end of a rule, which is written in UTC, on the zone's clock."""
    moment = datetime.strptime(utc, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return moment.astimezone(zone).strftime("UNTIL=%Y%m%dT%H%M%S")


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
