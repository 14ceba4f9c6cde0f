"""Calendars as tests write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from watchkeeper.base.ical import read_calendar

BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str) -> int:
    """The instant that an ISO 8601 text names, in UTC where it names no offset."""
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def event(*lines: str) -> str:
    return "\n".join(("BEGIN:VEVENT", "UID:1", "SUMMARY:a", *lines, "END:VEVENT", ""))


def whole(*parts: str) -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{''.join(parts)}END:VCALENDAR\r\n"


def found(text: str, since: str = "2026-01-01", until: str = "2027-01-01") -> list[tuple[str, str, str]]:
    """What happens in a window: begin and end in UTC, and the summary."""
    events = read_calendar(text, BERLIN).between(ms(since), ms(until))
    return [(_text(one.since), _text(one.until), one.summary) for one in events]


def _text(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%m-%dT%H:%M")
