"""When a target is scraped, and which timestamp its samples get."""

from __future__ import annotations

from watchkeeper.base.clock import Clock

TOLERANCE_MS = 10.0
"""How far a scrape may lie from its due time and still get the due time as its timestamp; at most 1 % of the interval.

Evenly spaced timestamps take much less room on disk. (Prometheus allows 2 ms; an event loop keeps time less well.)
"""


def first_delay_s(digest: int, seed: int, interval_ms: int, now_ms: int) -> float:
    """How long to wait before the first scrape, so that targets spread over the interval.

    The place within the interval depends on the target alone: it is the same after a restart.
    """
    offset = (digest ^ seed) % interval_ms
    return ((offset - now_ms) % interval_ms) / 1000


class Schedule:
    """Due times on the clock that never jumps; `begin` is the first of them. Missed ones are left out."""

    __slots__ = ("_aligned_ms", "_begin_s", "_clock", "_interval_ms", "_tolerance_ms", "ticks")

    def __init__(self, clock: Clock, interval_ms: int, tolerance_ms: float = TOLERANCE_MS) -> None:
        self._clock = clock
        self._interval_ms = interval_ms
        self._tolerance_ms = min(tolerance_ms, interval_ms / 100)
        self._begin_s = clock.monotonic_s()
        self._aligned_ms = clock.now_ms()
        self.ticks = 0

    def timestamp(self) -> int:
        """The timestamp of a scrape that begins now: its due time where that is near, else the clock's.

        Where the wall clock has been moved, the due times follow it.
        """
        now, late = self._clock.now_ms(), self._passed_ms() - self.ticks * self._interval_ms
        due = self._aligned_ms + self.ticks * self._interval_ms
        if abs(now - late - due) > self._tolerance_ms:
            due = round(now - late)
            self._aligned_ms = due - self.ticks * self._interval_ms
        return due if late <= self._tolerance_ms else now

    def delay_s(self) -> float:
        """How long to wait for the next due time; counts it and those that were missed."""
        passed = self._passed_ms()
        self.ticks = max(self.ticks + 1, int(passed // self._interval_ms))
        return max(0.0, (self.ticks * self._interval_ms - passed) / 1000)

    def _passed_ms(self) -> float:
        return (self._clock.monotonic_s() - self._begin_s) * 1000
