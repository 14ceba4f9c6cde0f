"""A schedule as a calendar (RFC 5545), for apps that subscribe to one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from watchkeeper.oncall.schedule.schedule import Shift

MEDIA_TYPE = "text/calendar; charset=utf-8"
_LINE_BYTES = 75
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def calendar(name: str, shifts: Sequence[Shift], shown: Callable[[str], str], now: int) -> str:
    """The shifts as events, gaps left out; `shown` gives a person's name as people read it."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Watchkeeper//On-call//EN", f"X-WR-CALNAME:{_text(name)}"]
    events = [line for shift in shifts if shift.people for line in _event(name, shift, shown, now)]
    return "".join(f"{_folded(line)}\r\n" for line in [*head, *events, "END:VCALENDAR"])


def _event(name: str, shift: Shift, shown: Callable[[str], str], now: int) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(name)}-{shift.since}-{_text('-'.join(shift.people))}@watchkeeper"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(shift.since)}"
    yield f"DTEND:{_utc(shift.until)}"
    yield f"SUMMARY:{_text(', '.join(map(shown, shift.people)))}"
    yield f"CATEGORIES:{_text(name)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _text(text: str) -> str:
    return text.translate(_ESCAPED)


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _folded(line: str) -> str:
    """The line in pieces of 75 octets at the most, none of which ends within a character."""
    pieces, piece = list[str](), ""
    for char in line:
        if len((piece + char).encode()) > _LINE_BYTES:
            pieces.append(piece)
            piece = " "
        piece += char
    return "\r\n".join([*pieces, piece])
