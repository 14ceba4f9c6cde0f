"""A circuit breaker: whom it is no use to ask is left alone for a while, then tried by one attempt."""

from __future__ import annotations

from watchkeeper.base.clock import Clock
from watchkeeper.notify.config.guarding import CircuitBreaker

PROBE_S = 5.0
"""How long others wait while one attempt finds out whether things are well again."""


class Circuit:
    """Closed at first; open after failures; half-open while one attempt probes. Times come from the clock's seconds."""

    def __init__(self, options: CircuitBreaker, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._pause_s = options.pause_ms / 1000
        self._until_s: float | None = None
        self._failing_since_s = 0.0
        self._probing = False
        self.failures = 0
        """How many attempts in a row have failed."""

    def resume(self, pause_s: float, failures: int) -> None:
        """Be half-open, as an earlier process has left it: the next attempt is a probe."""
        self._until_s = self._clock.monotonic_s()
        self._pause_s = min(max(pause_s, self._pause_s), self._options.longest_pause_ms / 1000)
        self.failures = failures

    @property
    def pause_ms(self) -> int:
        """How long it is left alone, or would be after the next probe in vain."""
        return round(self._pause_s * 1000)

    @property
    def is_open(self) -> bool:
        """Whether attempts are held back, but for probes."""
        return self._until_s is not None

    def begin(self) -> float:
        """Begin an attempt: 0 where it may be made now, else the seconds to wait before asking again."""
        if self._until_s is None:
            return 0.0
        left_s = self._until_s - self._clock.monotonic_s()
        if left_s > 0:
            return left_s
        if self._probing:
            return PROBE_S
        self._probing = True
        return 0.0

    def succeeded(self) -> bool:
        """An attempt has succeeded; True where that has closed the circuit."""
        closed = self.is_open
        self._until_s, self._probing, self.failures = None, False, 0
        self._pause_s = self._options.pause_ms / 1000
        return closed

    def failed(self) -> bool:
        """An attempt has failed; True where that has opened the circuit, or left it open for a longer time."""
        now_s = self._clock.monotonic_s()
        if self.failures == 0:
            self._failing_since_s = now_s
        self.failures += 1
        if self._until_s is None:
            return self._may_open(now_s) and self._open(now_s)
        if not self._probing:  # it began before the circuit opened
            return False
        self._pause_s = min(self._pause_s * 2, self._options.longest_pause_ms / 1000)
        return self._open(now_s)

    def _may_open(self, now_s: float) -> bool:
        options = self._options
        long_enough = now_s - self._failing_since_s >= options.after_ms / 1000
        return bool(options.failures) and self.failures >= options.failures and long_enough

    def _open(self, now_s: float) -> bool:
        self._until_s, self._probing = now_s + self._pause_s, False
        return True
