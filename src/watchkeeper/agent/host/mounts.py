"""Asking file systems for their sizes without ever waiting for one that hangs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence

from watchkeeper.base.clock import Clock

PATIENCE_S = 1.0
"""How long one mount point may take to answer."""
BUDGET_S = 3.0
"""How long all of them together may, so that many hanging mounts do not cost the round."""

Measure = Callable[[str], os.statvfs_result]


class _Errand:
    """One thread on its way through mount points; `answers` grows as it goes."""

    def __init__(self, paths: Sequence[str], measure: Measure) -> None:
        self.paths = paths
        self.answers: dict[str, os.statvfs_result | OSError] = {}
        self.progress = threading.Semaphore(0)
        self._measure = measure
        self._abandoned = False
        # A thread that hangs in the kernel cannot be ended: it must not keep the process from ending.
        threading.Thread(target=self._run, name="mount points", daemon=True).start()

    def abandon(self) -> None:
        """Let the thread end after the mount point at which it hangs."""
        self._abandoned = True

    def _run(self) -> None:
        for path in self.paths:
            if self._abandoned:
                return
            try:
                self.answers[path] = self._measure(path)
            except OSError as error:
                self.answers[path] = error
            self.progress.release()


class Mounts:
    """Measures mount points. Those that hang are left alone until they have answered."""

    def __init__(self, clock: Clock, measure: Measure = os.statvfs) -> None:
        self._clock = clock
        self._measure = measure
        self._stuck: dict[str, _Errand] = {}

    def measure(self, paths: Sequence[str]) -> Mapping[str, os.statvfs_result | OSError | None]:
        """The answer of each mount point: its sizes, an error, or None where it hangs."""
        self._stuck = {path: errand for path, errand in self._stuck.items() if path not in errand.answers}
        answers: dict[str, os.statvfs_result | OSError | None] = dict.fromkeys(paths)
        waiting = [path for path in paths if path not in self._stuck]
        until_s = self._clock.monotonic_s() + BUDGET_S
        while waiting:
            errand = _Errand(waiting, self._measure)
            done = self._follow(errand, until_s)
            answers.update((path, errand.answers[path]) for path in waiting[:done])
            if done == len(waiting):
                break
            errand.abandon()
            self._stuck[waiting[done]] = errand
            waiting = waiting[done + 1 :] if self._clock.monotonic_s() < until_s else []
        return answers

    def _follow(self, errand: _Errand, until_s: float) -> int:
        """Wait for the answers; how many came in time."""
        for done in range(len(errand.paths)):
            left_s = until_s - self._clock.monotonic_s()
            if not errand.progress.acquire(timeout=max(0.0, min(PATIENCE_S, left_s))):
                return done
        return len(errand.paths)
