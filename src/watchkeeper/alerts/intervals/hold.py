"""A time interval that holds notifications back at the moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from watchkeeper.alerts.intervals.interval import Interval

_MINUTE_MS = 60_000
_LOOKED_AHEAD = 8 * 24 * 60
"""How many minutes ahead the end is looked for: a week, and a day to see it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The interval of this name holds back: a muting one because it is now, an active one because it is not.

    `zones` are those of its clocks. `until` (ms) is when none of the route's intervals holds any more, None where
    that is more than a week ahead.
    """

    name: str
    zones: tuple[str, ...]
    active: bool
    until: int | None


def zones(intervals: Sequence[Interval]) -> tuple[str, ...]:
    """The names of the intervals' zones, each once; `Local` is this machine's."""
    return tuple(dict.fromkeys("Local" if one.zone is None else str(one.zone) for one in intervals))


def end_of(holds: Callable[[int], object], at: int) -> int | None:
    """The first full minute after the instant `at` (ms) at which nothing holds."""
    minute = at // _MINUTE_MS
    ahead = ((minute + i) * _MINUTE_MS for i in range(1, _LOOKED_AHEAD))
    return next((instant for instant in ahead if not holds(instant)), None)
