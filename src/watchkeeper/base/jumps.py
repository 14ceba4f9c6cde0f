"""Whether the wall clock has been set to another time."""

from __future__ import annotations

from watchkeeper.base.clock import Clock

NOTICED_MS = 5_000
"""What is less is a clock that is being kept right, or a moment between two readings."""


class Jumps:
    """Holds the wall clock against the one that never jumps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart_at_first_ms = self._apart_ms = self._apart()

    @property
    def ahead_ms(self) -> int:
        """By how many ms the wall clock has been set forward since this was made, on the whole; 0 where it has not."""
        return max(self._apart() - self._apart_at_first_ms, 0)

    def back_ms(self) -> int:
        """By how many ms the wall clock has been set back since this was asked last; 0 where it has not."""
        before, self._apart_ms = self._apart_ms, self._apart()
        back_ms = before - self._apart_ms
        return back_ms if back_ms >= NOTICED_MS else 0

    def _apart(self) -> int:
        return self._clock.now_ms() - round(self._clock.monotonic_s() * 1000)
