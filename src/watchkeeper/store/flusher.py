"""Behind the log: a thread that hands its segments to the engine, a few seconds' worth at a time."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.base.clock import Clock
from watchkeeper.store.failure import StoreBusy, StoreFailure, StoreFull
from watchkeeper.store.flush import Flush
from watchkeeper.store.head import Head
from watchkeeper.store.log import Log, Segment
from watchkeeper.store.metrics import StoreMetrics

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Where the log lies, and how much waits in it."""

    folder: Path
    flush_every_s: float = 15.0
    flush_samples: int = 500_000
    most_bytes: int = 256 << 20
    """Beyond it appends are refused until the engine has taken some; all of it is in memory, too."""


class Flusher:
    """Flushes when enough samples or enough time has gathered, or when somebody asks; tries again while that fails."""

    def __init__(
        self, log: Log, flush: Flush, head: Head, clock: Clock, metrics: StoreMetrics, options: LogOptions
    ) -> None:
        self._log = log
        self._flush = flush
        self._head = head
        self._clock = clock
        self._metrics = metrics
        self._options = options
        self._changed = threading.Condition()
        self._sealed: tuple[Segment, ...] = ()
        self._with_exemplars: set[int] = set()
        self._samples = 0
        self._due_s: float | None = None
        self._asked = self._answered = self._failures = 0
        self._failure: StoreFailure | None = None
        self._ending = False
        self._thread: threading.Thread | None = None

    def replay(self) -> int:
        """Store what an earlier run left in the log; how many segments that was. Raises StoreFailure."""
        segments = self._log.open()
        for segment in segments:
            logger.info("storing %d bytes of the log that an earlier run left behind", segment.size_bytes)
            self._flush.store(segment)
            segment.remove()
        return len(segments)

    def start(self) -> None:
        """Begin to flush."""
        self._thread = threading.Thread(target=self._run, name="flush", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Flush what there is, as far as the engine takes it, and end; the rest stays in the log."""
        if self._thread is None:
            return
        try:
            self.drain()
        except StoreFailure as failure:
            logger.warning("the log keeps what the engine could not take: %s", failure)
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        self._thread.join()

    def admit(self) -> None:
        """Raise StoreFull while the engine has no room, StoreBusy while the log is too long."""
        if isinstance(self._failure, StoreFull):
            raise StoreFull(str(self._failure))
        waiting = self.waiting_bytes()
        if waiting > self._options.most_bytes:
            why = f": {self._failure}" if self._failure else ""
            raise StoreBusy(f"{waiting} bytes of the log wait for the engine, of {self._options.most_bytes}{why}")

    def waiting_bytes(self) -> int:
        """What the log holds that the engine does not have yet."""
        return self._log.size_bytes + sum(segment.size_bytes for segment in self._sealed)

    def wrote(self, number: int, samples: int, *, exemplars: bool) -> None:
        """A commit is in the log, in that segment."""
        with self._changed:
            self._samples += samples
            if exemplars:
                self._with_exemplars.add(number)
            if self._due_s is None:
                self._due_s = self._clock.monotonic_s() + self._options.flush_every_s
                self._changed.notify_all()
            elif self._samples >= self._options.flush_samples:
                self._changed.notify_all()

    def drain(self) -> None:
        """Wait until the engine has all that is in the log now. Raises StoreFailure where it does not take it."""
        with self._changed:
            if self._due_s is None and not self._sealed:
                return
            self._asked += 1
            ticket, failures = self._asked, self._failures
            self._changed.notify_all()
            while self._answered < ticket:
                if self._failures > failures and self._failure is not None:
                    raise self._failure
                self._changed.wait()

    def drain_exemplars(self) -> None:
        """As `drain`, if there are exemplars in what waits."""
        if self._with_exemplars:
            self.drain()

    def _run(self) -> None:
        pause_s = 0.0
        while self._wait(pause_s):
            with self._changed:
                ticket = self._asked
                self._seal()
            try:
                self._store()
            except Exception as error:
                pause_s = min(max(pause_s * 2, 0.25), 10.0)
                self._failed(error)
                continue
            pause_s = 0.0
            with self._changed:
                if self._failure is not None:
                    logger.warning("the engine takes the log again")
                self._failure, self._answered = None, ticket
                self._changed.notify_all()

    def _wait(self, pause_s: float) -> bool:
        """Wait until there is something to do, after a failure for at least a while; False when it is time to end."""
        until_s = self._clock.monotonic_s() + pause_s
        with self._changed:
            while not self._ending:
                now_s = self._clock.monotonic_s()
                if pause_s and now_s < until_s:
                    self._changed.wait(until_s - now_s)
                elif self._asked > self._answered or self._sealed or self._samples >= self._options.flush_samples:
                    return True
                elif self._due_s is None:
                    self._changed.wait()
                elif now_s >= self._due_s:
                    return True
                else:
                    self._changed.wait(self._due_s - now_s)
            return False

    def _seal(self) -> None:
        segment = self._log.seal()
        if segment is not None:
            self._sealed = (*self._sealed, segment)
        self._samples, self._due_s = 0, None

    def _store(self) -> None:
        while self._sealed:
            segment = self._sealed[0]
            began_s = self._clock.monotonic_s()
            self._flush.store(segment)
            self._head.flushed(segment.number, self._clock.monotonic_s())
            segment.remove()
            with self._changed:
                self._with_exemplars.discard(segment.number)
                self._sealed = self._sealed[1:]
            self._metrics.flush_s.observe(self._clock.monotonic_s() - began_s)
            self._metrics.log_bytes.set(self.waiting_bytes())

    def _failed(self, error: Exception) -> None:
        failure = (
            error if isinstance(error, StoreFailure) else StoreFailure(f"flushing failed: {error!r}", retryable=True)
        )
        self._metrics.flush_failures.inc()
        if self._failure is None or str(self._failure) != str(failure):
            expected = isinstance(error, StoreFailure)
            logger.error("the engine does not take the log, which goes on growing: %s", failure, exc_info=not expected)
        with self._changed:
            self._failure = failure
            self._failures += 1
            self._changed.notify_all()
