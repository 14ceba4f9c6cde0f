"""Commits into the log and, once they are there, into the head."""

from __future__ import annotations

from watchkeeper.store.flusher import Flusher
from watchkeeper.store.head import Head
from watchkeeper.store.log import Log
from watchkeeper.store.record import Record, encode, part_of, samples_of
from watchkeeper.store.sink import Commit


class Logged:
    """A commit is stored when it is on disk in the log; the flusher hands it on."""

    def __init__(self, log: Log, head: Head, flusher: Flusher) -> None:
        self._log = log
        self._head = head
        self._flusher = flusher

    def store(self, commit: Commit) -> None:
        """Write it to the log. Raises StoreFull, StoreBusy or StoreFailure, and then it is not in it."""
        floats, ids = commit.floats()
        parts = [part_of(rows, partition) for rows, partition in (*commit.before, *commit.after)]
        samples = samples_of(floats, ids)
        if samples is None and not parts:
            return
        self._flusher.admit()
        number = self._log.append(encode(Record(samples, parts)))
        self._head.append(commit.samples, number)
        exemplars = any(part.table == "exemplars_raw" for part in parts)
        self._flusher.wrote(number, len(commit.samples), exemplars=exemplars)
