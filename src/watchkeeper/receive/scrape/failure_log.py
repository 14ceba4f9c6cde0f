"""`scrape_failure_log_file`: a line of JSON for each scrape that failed, as Prometheus writes them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from watchkeeper.base.clock import Clock

log = logging.getLogger(__name__)


class FailureLog:
    """One such file, which several jobs may share. A file that cannot be written is complained of, once."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._file: TextIO | None = None

    def reopen(self) -> None:
        """Write to the file that has this name now, behind what it holds: the one before may have been moved away."""
        self.close()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8", buffering=1)
        except OSError as why:
            log.error("failed scrapes are not written to %s: %s", self._path, why.strerror or why)

    def write(self, job: str, target: str, message: str) -> None:
        """Add that a scrape of `target` (its URL) failed now, and why."""
        if self._file is None:
            return
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": now.replace("+00:00", "Z"),
            "level": "ERROR",
            "msg": message,
            "job_name": job,
            "target": target,
        }
        try:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as why:
            log.error("failed scrapes are no longer written to %s: %s", self._path, why.strerror or why)
            self._let_go()

    def close(self) -> None:
        """Write no more."""
        self._let_go()

    def _let_go(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as why:  # what was buffered finds no room
                log.debug("closing %s: %s", self._path, why)


class FailureLogs:
    """The files of all jobs, each open once however many jobs name it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._logs: dict[Path, FailureLog] = {}

    def reopen(self, paths: Iterable[Path | None]) -> None:
        """Have just these files open, each anew."""
        wanted = {path for path in paths if path is not None}
        for path in list(self._logs):
            if path not in wanted:
                self._logs.pop(path).close()
        for path in wanted:
            self._logs.setdefault(path, FailureLog(path, self._clock)).reopen()

    def of(self, path: Path | None) -> FailureLog | None:
        """The log of a job that names this file."""
        return None if path is None else self._logs[path]
