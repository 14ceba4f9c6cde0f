"""Somebody else for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.oncall.schedule.layer import Crew


@dataclass(frozen=True, slots=True)
class Override:
    """`person` is on call from one instant to another (ms), whoever else would be.

    With `replaces`, only the shifts of that person are taken over: the half of a swap. `id` is empty for those that the
    configuration has.
    """

    person: str
    since: int
    until: int
    replaces: str = ""
    id: str = ""
    created_by: str = ""
    comment: str = ""

    def applied(self, crew: Crew, at: int) -> Crew:
        """Who is on call at an instant, where `crew` would be without it."""
        if not self.since <= at < self.until:
            return crew
        if not self.replaces:
            return (self.person,)
        return tuple(dict.fromkeys(self.person if name == self.replaces else name for name in crew))

    def changes(self, since: int, until: int) -> Iterator[int]:
        """Every instant at which it begins or ends to apply."""
        yield from (self.since, self.until)
