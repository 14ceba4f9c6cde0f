"""Time, handed in wherever it is needed."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where a room learns the time."""

    def now_ms(self) -> int:
        """The wall clock, in milliseconds since the epoch."""
        ...

    def monotonic_s(self) -> float:
        """Seconds on a clock that never jumps."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """The wall clock, in milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds on a clock that never jumps."""
        return time.monotonic()
