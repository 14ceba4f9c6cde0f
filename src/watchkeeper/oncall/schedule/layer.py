"""One rotation: people take turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from watchkeeper.oncall.schedule.local_time import instant, local_time
from watchkeeper.oncall.schedule.restriction import Restriction

Crew = tuple[str, ...]
"""Those who are on call at the same time, by name."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Crews take turns of one length, one after the other, from `starts` on.

    All is local time of `zone`: turns change at `anchor` plus any number of `turn`s, as clocks show it, so a turn over
    a change of clocks is shorter or longer by what they jump. The first crew has the turn in which `starts` lies. With
    restrictions, there is nobody outside them, while turns change as ever.
    """

    name: str
    zone: ZoneInfo
    starts: datetime
    anchor: datetime
    turn: timedelta
    crews: tuple[Crew, ...]
    restrictions: tuple[Restriction, ...] = ()

    def who(self, at: int) -> Crew:
        """Whose turn it is at an instant; nobody before the start and outside restrictions."""
        if at < instant(self.starts, self.zone) or not self.counts(at):
            return ()
        return self.crews[self.turn_at(at) % len(self.crews)]

    def counts(self, at: int) -> bool:
        """Say whether the restrictions let the layer count at an instant."""
        return not self.restrictions or any(one.holds(at, self.zone) for one in self.restrictions)

    def turn_at(self, at: int) -> int:
        """The number of the turn at an instant, the one of the anchor being 0."""
        number = (local_time(at, self.zone) - self.anchor) // self.turn
        while self.begins(number) > at:
            number -= 1
        while self.begins(number + 1) <= at:
            number += 1
        return number

    def begins(self, number: int) -> int:
        """When a turn begins, in ms since the epoch."""
        return instant(self.anchor + number * self.turn, self.zone)

    def changes(self, since: int, until: int) -> Iterator[int]:
        """Every instant of the window at which `who` may change, in no order."""
        yield instant(self.starts, self.zone)
        number = self.turn_at(since) + 1
        while (at := self.begins(number)) < until:
            yield at
            number += 1
        for restriction in self.restrictions:
            for span in restriction.spans(since, until, self.zone):
                yield from (span.since, span.until)
