"""What the journal is told of calendars that come from URLs."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.base.ical import Feed
from watchkeeper.base.instant import instant_text
from watchkeeper.journal import Entry, Kind


def changed(feeds: Sequence[Feed], before: int | None, now: int) -> Entry:
    """Another copy is in use from now on; `before` is how many events the last one had, None where there was none."""
    size = feeds[0].calendar.size
    if before is None:
        text = f"{_calendar(feeds)} was read for the first time: {_events(size)}"
    else:
        text = f"{_calendar(feeds)} has changed: {_events(size)}, {before} before"
    return _entry(Kind.CALENDAR_CHANGED, feeds, now, text)


def failed(feeds: Sequence[Feed], why: str, now: int) -> Entry:
    """It cannot be renewed; the last good copy stays, where there is one."""
    read_at = feeds[0].read_at
    stays = "there is no older copy" if read_at is None else f"the copy of {instant_text(read_at)} stays in use"
    return _entry(Kind.CALENDAR_FAILED, feeds, now, f"{_calendar(feeds)} cannot be renewed, {stays}: {why}")


def back(feeds: Sequence[Feed], now: int) -> Entry:
    """It can be renewed again."""
    return _entry(Kind.CALENDAR_BACK, feeds, now, f"{_calendar(feeds)} can be renewed again")


def _entry(kind: Kind, feeds: Sequence[Feed], now: int, text: str) -> Entry:
    return Entry(kind, now, text, details={"calendars": [feed.name for feed in feeds]})


def _calendar(feeds: Sequence[Feed]) -> str:
    return f"the calendar of {', '.join(feed.name for feed in feeds)}"


def _events(size: int) -> str:
    return "1 event" if size == 1 else f"{size} events"
