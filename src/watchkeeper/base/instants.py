"""Instants as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
