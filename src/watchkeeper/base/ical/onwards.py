"""What is otherwise from some occurrence of an event on (`RANGE=THISANDFUTURE`; RFC 5545, 3.2.13 and 3.8.4.4)."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from watchkeeper.base.ical.event import Event

_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Onwards:
    """Events that take the places of all occurrences of one from an instant on, in order; the last of them counts.

    `longest` is how long any of them lasts, `ahead` and `back` by how much any is put off or comes sooner.
    """

    events: tuple[Event, ...] = ()
    instants: tuple[int, ...] = ()
    longest: timedelta = _NOTHING
    ahead: timedelta = _NOTHING
    back: timedelta = _NOTHING

    def at(self, instant: int) -> Event | None:
        """The event that takes the place of the occurrence at an instant, if any."""
        number = bisect_right(self.instants, instant)
        return self.events[number - 1] if number else None


def onwards(events: Iterable[Event]) -> Mapping[str, Onwards]:
    """Those of some events, by the `uid` of whom they take places of."""
    found = defaultdict[str, list[Event]](list)
    for one in events:
        if one.shift is not None:
            found[one.uid].append(one)
    return {uid: _of(those) for uid, those in found.items()}


def _of(events: list[Event]) -> Onwards:
    events.sort(key=_instant)
    shifts = [one.shift or _NOTHING for one in events]
    return Onwards(
        tuple(events),
        tuple(map(_instant, events)),
        max(one.length for one in events),
        max(_NOTHING, *shifts),
        max(_NOTHING, *(-shift for shift in shifts)),
    )


def _instant(event: Event) -> int:
    return event.instead_of or 0
