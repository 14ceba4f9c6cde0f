"""Instants as people and machines write and read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.base.failure import Failure

_EPOCH, _MS = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_SECONDS = re.compile(r"\d{1,11}(?:\.\d+)?", re.ASCII)


class InstantFailure(Failure):
    """A text that is no instant."""


def parse_instant_ms(text: str, now_ms: int) -> int:
    """The instant (ms) that `text` names: RFC 3339, seconds since the epoch, `now`, or how long ago (`7d`).

    Raises InstantFailure.
    """
    if text == "now":
        return now_ms
    if _SECONDS.fullmatch(text):
        return round(float(text) * 1000)
    try:
        if _RFC3339.fullmatch(text):
            return (datetime.fromisoformat(text.upper()) - _EPOCH) // _MS
        return now_ms - parse_duration_ms(text)
    except (DurationFailure, ValueError):
        raise InstantFailure(
            f'"{text}" is no instant: right would be 7d (so long ago), 2026-01-31T08:00:00Z, seconds since the epoch '
            "or now"
        ) from None


def instant_text(ms: int) -> str:
    """The instant `ms` since the epoch to the second, in UTC: `2026-01-02 15:04:05 UTC`.

    One that no calendar has is written as the nearest one that has it.
    """
    return f"{_moment(ms).replace(tzinfo=None).isoformat(' ', 'seconds')} UTC"


def rfc3339(ms: int) -> str:
    """The instant `ms` since the epoch as machines read it: `2026-01-02T15:04:05.000Z`."""
    return f"{_moment(ms).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _moment(ms: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if ms > 0 else datetime.min.replace(tzinfo=UTC)
