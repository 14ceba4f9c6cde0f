"""Instants as people ask for them."""

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
