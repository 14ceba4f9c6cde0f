"""A layer that a calendar of another program makes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watchkeeper.base.ical import Feed
from watchkeeper.oncall.schedule.layer import Crew

_BETWEEN = re.compile(r"[,\n]")


@dataclass(frozen=True, slots=True)
class CalendarLayer:
    """Those whom the summaries of a calendar's events name are on call while the events last.

    A summary has one name or several, with commas between them; `known` leads from names in small letters to people.
    """

    name: str
    feed: Feed
    known: Mapping[str, str]

    def who(self, at: int) -> Crew:
        """Whose events there are at an instant, in the order in which they began."""
        events = self.feed.calendar.at(at)
        return tuple(dict.fromkeys(person for event in events for person in self._people(event.summary)))

    def changes(self, since: int, until: int) -> Iterator[int]:
        """Every instant of the window at which `who` may change, in no order."""
        for event in self.feed.calendar.between(since, until):
            yield from (event.since, event.until)

    def unknown(self) -> list[str]:
        """The names in summaries that nobody has."""
        names = {name for summary in self.feed.calendar.summaries for name in _names(summary)}
        return sorted(name for name in names if name.lower() not in self.known)

    def _people(self, summary: str) -> Iterator[str]:
        return (self.known[name.lower()] for name in _names(summary) if name.lower() in self.known)


def _names(summary: str) -> Iterator[str]:
    return (name for part in _BETWEEN.split(summary) if (name := part.strip()))
