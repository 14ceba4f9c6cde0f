"""SQLite's file with control data, and the one connection by which we write whole transactions to it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Protocol, TypeAlias

Steps: TypeAlias = Sequence[tuple[str, Sequence[Mapping[str, object]]]]
"""Statements that write, each with its rows of parameters."""


class Executes(Protocol):
    """A connection, or a cursor."""

    def execute(self, statement: str, /) -> object:
        """Do as the statement says."""
        ...


class ControlFile:
    """Writes transactions, one after the other, each in a single errand to a thread of its own.

    SQLAlchemy would send a dozen errands for each, and go over every row of parameters by itself.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "control database")
        self._connection: sqlite3.Connection | None = None

    async def run(self, steps: Steps) -> None:
        """Each statement for every one of its rows, in one transaction. Raises sqlite3.Error: nothing is written then.

        A transaction comes to its end even where the caller is cancelled.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._run, steps)

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _run(self, steps: Steps) -> None:
        connection = self._connection
        if connection is None:
            connection = self._connection = sqlite3.connect(self._path, isolation_level=None)
            prepare(connection)
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement, rows in steps:
                connection.executemany(statement, rows)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        without_log(self._path)


def prepare(connection: Executes) -> None:
    """A write-ahead log, which is synced once a commit, foreign keys, and patience with locks.

    Where a full disk has no room for the log the file is read, and perhaps written, without it.
    """
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode=WAL")
    for pragma in ("foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def without_log(path: str) -> None:
    """Leave a file that can be read where there is no room for a log, unless others still use it."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(path, timeout=0)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
