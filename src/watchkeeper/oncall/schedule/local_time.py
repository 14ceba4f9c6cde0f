"""Local time → instants (ms since the epoch), where clocks jump, too.

A local time that clocks jump over is the moment of the jump; one that they show twice is the first of the two. So
later local times never come earlier, and a handover at 09:00 is at 09:00 on both sides of a jump.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

YEARS = range(1970, 3000)
"""Years that schedules know: no turn that begins in them leads beyond what datetime can say."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def instant(local: datetime, zone: ZoneInfo) -> int:
    """When the clocks of a zone show `local`, which names no zone itself."""
    first = _utc(local, zone, fold=0)
    if _shown(first, zone) == local:
        return (first - _EPOCH) // _MS
    return _jump(_utc(local, zone, fold=1), first, zone)


def local_time(at: int, zone: ZoneInfo) -> datetime:
    """What the clocks of a zone show at an instant, without the zone."""
    return _shown(_EPOCH + timedelta(milliseconds=at), zone)


def moment(at: int, zone: ZoneInfo) -> datetime:
    """An instant as a time that knows its zone."""
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(zone)


def instant_of(text: str, zone: ZoneInfo) -> int:
    """The instant that an ISO 8601 text names, in `zone` where it names no offset. Raises ValueError."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        right = "2026-01-31T18:00, or with an offset 2026-01-31T18:00:00Z"
        raise ValueError(f'"{text}" is not a time: right would be {right}') from None
    check_year(text, read)
    return instant(read, zone) if read.tzinfo is None else (read - _EPOCH) // _MS


def check_year(text: str, read: date) -> None:
    """Raises ValueError where what `text` says lies in a year that schedules do not know."""
    if read.year not in YEARS:
        raise ValueError(f'"{text}" is too far from now: right would be a year from {YEARS[0]} to {YEARS[-1]}')


def _utc(local: datetime, zone: ZoneInfo, fold: int) -> datetime:
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> int:
    """The moment at which the offset changes between two instants; clocks jump at full seconds."""
    low, high = (before - _EPOCH) // timedelta(seconds=1), (after - _EPOCH) // timedelta(seconds=1)
    offset = before.astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        same = (_EPOCH + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset
        low, high = (middle, high) if same else (low, middle)
    return high * 1000
