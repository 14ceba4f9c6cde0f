"""Who is on call, now and at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from watchkeeper.oncall.schedule.calendar_layer import CalendarLayer
from watchkeeper.oncall.schedule.layer import Crew, Layer
from watchkeeper.oncall.schedule.override import Override

_LOOKED_AT_MS = 400 * 86_400_000


@dataclass(frozen=True, slots=True)
class Shift:
    """The same people are on call from one instant to another (ms); a gap where there is nobody."""

    since: int
    until: int
    people: Crew

    @property
    def is_gap(self) -> bool:
        """Whether nobody is on call."""
        return not self.people


@dataclass(frozen=True, slots=True)
class Schedule:
    """Layers, of which a later one goes before an earlier one where it has somebody, and overrides before all."""

    name: str
    zone: ZoneInfo
    layers: tuple[Layer | CalendarLayer, ...] = ()
    overrides: tuple[Override, ...] = ()

    def with_overrides(self, overrides: Sequence[Override]) -> Schedule:
        """The schedule with further overrides, which go before those that it has."""
        return replace(self, overrides=(*self.overrides, *overrides))

    def who(self, at: int) -> Crew:
        """Who is on call at an instant; nobody in a gap."""
        crew = next((crew for layer in reversed(self.layers) if (crew := layer.who(at))), ())
        for override in self.overrides:
            crew = override.applied(crew, at)
        return crew

    def shifts(self, since: int, until: int) -> list[Shift]:
        """The final shifts of a window, gaps among them: one after the other, from its begin to its end."""
        marks = {since}
        for part in (*self.layers, *self.overrides):
            marks.update(at for at in part.changes(since, until) if since < at < until)
        shifts: list[Shift] = []
        edges = [*sorted(marks), until]
        for begin, end in pairwise(edges):
            people = self.who(begin)
            if shifts and shifts[-1].people == people:
                shifts[-1] = replace(shifts[-1], until=end)
            else:
                shifts.append(Shift(begin, end, people))
        return shifts

    def without_shift(self, override: Override) -> str:
        """Why an override changes nothing, because whoever it replaces has no shift then; empty where they have one.

        Of a long override, the first 400 days are looked at.
        """
        if not override.replaces:
            return ""
        shifts = self.shifts(override.since, min(override.until, override.since + _LOOKED_AT_MS))
        have = {person for shift in shifts for person in shift.people}
        if override.replaces in have:
            return ""
        span = f"from {_time(override.since)} until {_time(override.until)}"
        who = f"{', '.join(sorted(have))} {'has' if len(have) == 1 else 'have'}" if have else "nobody has"
        return f"{override.replaces} has no shift of schedule {self.name} {span}: {who}"

    def gaps(self, since: int, until: int) -> list[Shift]:
        """When nobody is on call."""
        return [shift for shift in self.shifts(since, until) if shift.is_gap]


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
