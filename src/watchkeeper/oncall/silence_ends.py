"""For how long somebody silences from a link: the choices, and when each of them ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MONDAY = "monday"
HOURS: Mapping[str, int] = {"1h": 1, "4h": 4, "1d": 24}
_MORNING = 9


def silence_end(choice: str, now_ms: int, zone: ZoneInfo) -> int:
    """When a silence of that choice ends, in ms since the epoch; Monday is the next one, at nine in `zone`.

    Raises KeyError for what is no choice.
    """
    if choice != MONDAY:
        return now_ms + HOURS[choice] * 3_600_000
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    morning = now.replace(hour=_MORNING, minute=0, second=0, microsecond=0) + timedelta(days=-now.weekday() % 7)
    if morning <= now:
        morning += timedelta(days=7)
    return int(morning.timestamp() * 1000)
