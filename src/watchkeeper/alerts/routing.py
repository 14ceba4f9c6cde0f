"""A configuration of routing, ready for use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watchkeeper.alerts.inhibition import InhibitRule
from watchkeeper.alerts.intervals import Hold, Interval, covers, end_of, zones
from watchkeeper.alerts.route import Route, RouteOptions
from watchkeeper.alerts.sections import RoutingSections


@dataclass(frozen=True, slots=True)
class Routing:
    """The tree, the inhibit rules, the time intervals by name, and how long alerts without an end last (ms)."""

    root: Route
    inhibit_rules: tuple[InhibitRule, ...] = ()
    intervals: Mapping[str, Sequence[Interval]] = field(default_factory=dict[str, Sequence[Interval]])
    resolve_timeout_ms: int = 300_000

    @classmethod
    def of(cls, sections: RoutingSections, resolve_timeout_ms: int) -> Routing | None:
        """What the sections write down, which have been checked; None where they name no route."""
        if sections.route is None:
            return None
        named = (*sections.mute_time_intervals, *sections.time_intervals)
        return cls(
            Route.root(sections.route),
            tuple(InhibitRule.of(section) for section in sections.inhibit_rules),
            {one.name: tuple(Interval.of(section) for section in one.time_intervals) for one in named},
            resolve_timeout_ms,
        )

    def times(self, options: RouteOptions, at: int) -> tuple[str, ...]:
        """The names of the time intervals that hold a route back at the instant `at` (ms)."""
        if self._outside(options, at):
            return options.active_intervals
        return tuple(name for name in options.mute_intervals if covers(self.intervals[name], at))

    def holds(self, options: RouteOptions, at: int) -> tuple[Hold, ...]:
        """The same intervals with what a person wants to know of them."""
        names = self.times(options, at)
        if not names:
            return ()
        active, until = self._outside(options, at), end_of(lambda instant: self.times(options, instant), at)
        return tuple(Hold(name, zones(self.intervals[name]), active, until) for name in names)

    def _outside(self, options: RouteOptions, at: int) -> bool:
        active = options.active_intervals
        return bool(active) and not any(covers(self.intervals[name], at) for name in active)
