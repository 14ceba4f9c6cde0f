"""Connections to chDB: one statement at a time each, with settings applied and taken back."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from watchkeeper.engine.library import Chunk, Library, RawConnection
from watchkeeper.engine.spool import spooled


class EngineError(Exception):
    """What ClickHouse said; `code` is its error code, or None where the text has none."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    @property
    def code(self) -> int | None:
        """The number in `Code: 62. DB::Exception: …`."""
        start = self.text.find("Code: ")
        digits = self.text[start + 6 :].partition(".")[0] if start >= 0 else ""
        return int(digits) if digits.isdigit() else None


def quote(text: str) -> str:
    """`text` as a string literal of ClickHouse's SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_identifier(name: str) -> str:
    """`name` as a quoted identifier of ClickHouse's SQL."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


@dataclass(slots=True)
class Connection:
    """A chDB connection, with the database and the settings that stand on it now."""

    raw: RawConnection
    database: str
    # Names its statements in system.processes (as log_comment) where the client gives them no id.
    name: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    # A connection that failed may answer its next query with the failed one's bytes; one that a statement changed
    # (SET, USE, a temporary table, readonly) is no longer as the next caller expects it. Neither goes back.
    spoiled: bool = False

    def run(self, sql: str, format_name: str = "Native", params: Mapping[str, str] | None = None) -> Chunk:
        """Run `sql` and return its whole result. Raises EngineError, and is spoiled then."""
        with self.failing():
            return self.raw.query(sql, format_name, params=dict(params or {}))

    def insert(self, target: str, format_name: str, data: bytes, settings: str = "") -> Chunk:
        """Run the INSERT that begins with `target`, with data in that format; what was written.

        Raises EngineError, and is spoiled then. chDB's own `send_insert` is not used: a failure to write (no space
        left, a violated constraint, a broken view) is lost on its way, and the insert counts as done.
        """
        with spooled(data) as path:
            return self.run(f"{target} FROM INFILE {quote(path)} {settings} FORMAT {format_name}")

    @contextmanager
    def failing(self) -> Generator[None]:
        """Turn chDB's failure inside into an EngineError and mark this connection as spoiled."""
        try:
            yield
        except RuntimeError as error:
            self.spoiled = True
            raise EngineError(str(error)) from None

    def prepare(self, database: str, settings: Mapping[str, str], baseline: Mapping[str, str]) -> None:
        """Make `database` and `settings` stand; a setting no longer wanted returns to `baseline` or its default."""
        if database != self.database:
            self.run(f"USE {quote_identifier(database)}")
            self.database = database
        changes = [
            f"{quote_identifier(name)} = {quote(value)}"
            for name, value in settings.items()
            if self.settings.get(name) != value and name != "readonly"
        ]
        for name in self.settings.keys() - settings.keys():
            default = baseline.get(name)
            changes.append(f"{quote_identifier(name)} = {'DEFAULT' if default is None else quote(default)}")
        if changes:
            self.run("SET " + ", ".join(changes))
        if "readonly" in settings:
            # Last, since it may forbid the others; and it cannot be taken back.
            self.run(f"SET readonly = {quote(settings['readonly'])}")
            self.spoiled = True
        self.settings = dict(settings)

    def close(self) -> None:
        """Close it; a failure to do so changes nothing for anybody."""
        with suppress(RuntimeError):
            self.raw.close()


class Pool:
    """Connections that wait for their next statement. Safe to use from several threads.

    `uri` is the path with chDB's startup arguments. A first connection is kept open for the pool's whole life, since
    the engine closes with its last one.
    """

    def __init__(self, library: Library, uri: str, baseline: Mapping[str, str], kept: int = 16) -> None:
        self._library = library
        self._uri = uri
        self._baseline = dict(baseline)
        self._kept = kept
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self.keeper = self.open()

    def open(self) -> Connection:
        """A new connection with the baseline settings. Raises EngineError."""
        try:
            connection = Connection(self._library.connect(self._uri), "default", f"connection-{next(self._ids)}")
        except RuntimeError as error:
            raise EngineError(str(error)) from None
        if self._baseline:
            connection.run("SET " + ", ".join(f"{name} = {quote(value)}" for name, value in self._baseline.items()))
        return connection

    def take(self, database: str, settings: Mapping[str, str], query_id: str = "") -> Connection:
        """A connection on which `database` and `settings` stand. Raises EngineError when the engine refuses them."""
        connection = self._pick(database) or self.open()
        try:
            self.prepare(connection, database, settings, query_id)
        except EngineError:
            connection.close()
            raise
        return connection

    def give_back(self, connection: Connection) -> None:
        """Take `connection` back, or close it when it is spoiled or there are enough."""
        with self._lock:
            if not connection.spoiled and len(self._idle) < self._kept:
                self._idle.append(connection)
                return
        connection.close()

    def prepare(self, connection: Connection, database: str, settings: Mapping[str, str], query_id: str) -> None:
        """Make `database` and `settings` stand on a connection, and its next statement known as `query_id`."""
        named = {**settings, "log_comment": query_id or connection.name}
        connection.prepare(database, named, self._baseline)

    def close(self) -> None:
        """Close every connection that is not in use, the engine's last one at the end."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in (*idle, self.keeper):
            connection.close()

    def _pick(self, database: str) -> Connection | None:
        with self._lock:
            for index in range(len(self._idle) - 1, -1, -1):
                if self._idle[index].database == database:
                    return self._idle.pop(index)
            return self._idle.pop() if self._idle else None
