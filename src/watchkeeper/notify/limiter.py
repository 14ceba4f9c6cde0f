"""How many messages an integration sends in a span of time; those above it wait, in their order."""

from __future__ import annotations

from collections import deque

from watchkeeper.base.clock import Clock
from watchkeeper.notify.config.guarding import RateLimit


class Limiter:
    """No span of `per` sees more than `messages`. Each message takes its place when it asks for it."""

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self._per_s = limit.per_ms / 1000
        self._clock = clock
        self._places: deque[float] = deque(maxlen=limit.messages)

    def place(self, within_s: float) -> float | None:
        """The seconds until a message may go out, which is taken as sent then; None where that is too long."""
        now_s = self._clock.monotonic_s()
        full = len(self._places) == self._places.maxlen
        at_s = max(now_s, self._places[0] + self._per_s) if full else now_s
        if at_s > now_s and at_s - now_s >= within_s:
            return None
        self._places.append(at_s)
        return at_s - now_s
