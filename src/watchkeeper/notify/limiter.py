"""How many messages an integration sends in a span of time; those above it wait, in their order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable

from watchkeeper.base.clock import Clock
from watchkeeper.notify.config.guarding import RateLimit

_KEPT = 200
"""Into how many parts a span is divided where it is kept: a limit of thousands must not make a row of thousands."""


class Limiter:
    """No span of `per` sees more than `messages`. Each message takes its place when it asks for it.

    `sent` is what an earlier process has sent (`kept`).
    """

    def __init__(self, limit: RateLimit, clock: Clock, sent: Iterable[tuple[int, int]] = ()) -> None:
        self._per_s = limit.per_ms / 1000
        self._part_ms = max(limit.per_ms // _KEPT, 1)
        self._clock = clock
        now, now_s = clock.now_ms(), clock.monotonic_s()
        # What was sent in the future was sent before the clock was set back: nobody knows when, so it counts as now.
        places = (now_s - max(now - at, 0) / 1000 for at, count in sent for _ in range(count))
        self._places: deque[float] = deque(places, maxlen=limit.messages)

    def place(self, within_s: float) -> float | None:
        """The seconds until a message may go out, which is taken as sent then; None where that is too long."""
        now_s = self._clock.monotonic_s()
        full = len(self._places) == self._places.maxlen
        at_s = max(now_s, self._places[0] + self._per_s) if full else now_s
        if at_s > now_s and at_s - now_s >= within_s:
            return None
        self._places.append(at_s)
        return at_s - now_s

    def kept(self) -> tuple[tuple[int, int], ...]:
        """What has been sent within the last span: instants (ms), a part of the span late at the most, and how many."""
        now, now_s = self._clock.now_ms(), self._clock.monotonic_s()
        ages_s = (now_s - place for place in self._places)
        sent = (now - round(age_s * 1000) for age_s in ages_s if 0 <= age_s < self._per_s)
        return tuple(sorted(Counter(-(-at // self._part_ms) * self._part_ms for at in sent).items()))
