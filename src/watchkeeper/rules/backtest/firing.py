"""What a backtest finds: firings, and what they amount to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.model.labels import Labels
from watchkeeper.model.nights import Nights

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert from when it was pending to its end; times in ms, `until` None where it still fires at the end.

    `annotations` and `value` are those of the instant at which it began to fire; `peak` is the most that its rule's
    expression gave from `pending_since` on (the least, where the rule fires below a threshold).
    """

    labels: Labels
    annotations: Labels
    pending_since: int
    since: int
    until: int | None
    value: float
    peak: float


@dataclass(frozen=True, slots=True)
class Totals:
    """What firings amount to in a time: `firing_ms` over all of them together, `flaps` are those soon after an end."""

    firings: int
    firing_ms: int
    per_day: float
    at_night: int
    flaps: int


def totals(firings: Sequence[Firing], since: int, until: int, nights: Nights, flap_within_ms: int) -> Totals:
    """The totals of firings in their order of beginning, between two instants (ms).

    One flaps where the same alert had ended at most `flap_within_ms` before.
    """
    ended: dict[Labels, int] = {}
    flaps = 0
    for one in firings:
        before = ended.get(one.labels)
        flaps += before is not None and one.since - before <= flap_within_ms
        ended[one.labels] = until if one.until is None else one.until
    return Totals(
        firings=len(firings),
        firing_ms=sum((until if one.until is None else one.until) - one.since for one in firings),
        per_day=len(firings) * DAY_MS / max(until - since, 1),
        at_night=sum(nights.include(one.since) for one in firings),
        flaps=flaps,
    )
