"""Running a request's statement on a connection: reads in chunks, inserts with their data, everything else whole."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field

from watchkeeper.engine.connection import Connection, EngineError, Pool, quote
from watchkeeper.engine.library import Chunk
from watchkeeper.engine.request import Request
from watchkeeper.engine.statement import (
    Insert,
    find_insert,
    first_word,
    result_format,
    streams,
    with_known_ids,
    writes_file,
)

# The engine's own words for a statement that `send_query` does not take; nothing has been run then.
_NOT_STREAMABLE = "Streaming query is not supported"
# Statements that answer with rows though the engine does not stream them, and that leave a connection as it was.
_ANSWERING = frozenset({"SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "CHECK"})


@dataclass(slots=True)
class Tally:
    """What a statement read and wrote, as X-ClickHouse-Summary reports it."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0

    def count(self, chunk: Chunk) -> None:
        """Add a chunk of the result."""
        self.read_rows = max(self.read_rows, chunk.storage_rows_read())
        self.read_bytes = max(self.read_bytes, chunk.storage_bytes_read())
        self.written_rows = max(self.written_rows, chunk.rows_written())
        self.written_bytes = max(self.written_bytes, chunk.bytes_written())
        self.result_rows += chunk.rows_read()
        self.result_bytes += chunk.size()


@dataclass(slots=True)
class Answer:
    """A statement's result: chunks of `format` still to be taken, or none at all when `format` is None."""

    format: str | None
    chunks: Generator[Chunk]
    tally: Tally = field(default_factory=Tally)


def _given(*chunks: Chunk) -> Generator[Chunk]:
    yield from chunks


class Execution:
    """One request on its way through the engine. Cancelling may come from any thread, the rest from one."""

    def __init__(self, request: Request, connection: Connection) -> None:
        self._request = request
        self._connection = connection
        self._lock = threading.Lock()
        self._over = False
        self._reads_only = False
        self.cancelled = False

    def start(self) -> Answer:
        """Begin the statement, to its first chunk at least. Raises EngineError."""
        request = self._request
        insert = find_insert(request.query or request.body)
        if insert is not None:
            return self._insert(insert)
        self._create_tables()
        try:
            sql = with_known_ids(b"\n".join(filter(None, (request.query, request.body))).decode())
        except UnicodeDecodeError:
            raise EngineError("Code: 62. DB::Exception: The statement is not UTF-8. (SYNTAX_ERROR)") from None
        if not first_word(sql):
            raise EngineError("Code: 62. DB::Exception: Empty query. (SYNTAX_ERROR)")
        if writes_file(sql):
            raise EngineError("Code: 358. DB::Exception: INTO OUTFILE is not allowed. (INTO_OUTFILE_NOT_ALLOWED)")
        name = result_format(sql) or request.default_format
        kind = self._connection.raw.classify_query(sql)
        if kind["statement_count"] not in (0, 1):
            raise EngineError(
                "Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed): "
                f"{kind['statement_count']} statements in one request. (SYNTAX_ERROR)"
            )
        self._reads_only = str(kind["query_class"]).endswith("READ_ONLY")
        if self._reads_only and streams(name) and first_word(sql) not in _ANSWERING:
            streamed = self._stream(sql, name)
            if streamed is not None:
                return streamed
        return self._whole(sql, name)

    def cancel(self, pool: Pool) -> bool:
        """Kill the statement if it only reads; say whether there is nothing left to kill.

        The engine may not know the statement yet: ask again until this says True.
        """
        with self._lock:
            if self._over or not self._reads_only:
                return True
            self.cancelled = True
            self._connection.spoiled = True
            comment = quote(self._request.query_id or self._connection.name)
            killer = pool.take("default", {})
            try:
                killer.run(f"KILL QUERY WHERE Settings['log_comment'] = {comment} ASYNC")
            except EngineError:
                return False
            finally:
                pool.give_back(killer)
            return False

    def finish(self) -> None:
        """The connection is about to serve somebody else: no cancelling from here on, and no tables left on it."""
        with self._lock:
            self._over = True
        with suppress(EngineError):
            for table in self._request.tables:
                if not self._connection.spoiled:
                    table.drop(self._connection)

    def _create_tables(self) -> None:
        for table in self._request.tables:
            table.create(self._connection)

    def _insert(self, insert: Insert) -> Answer:
        answer = Answer(None, _given())
        query, body = self._request.query, self._request.body
        # Data of millions of rows is not copied when the URL held the statement.
        data = (query or body)[insert.data_offset :]
        data = data + body if query and data else (body if query else data)
        answer.tally.count(self._connection.insert(insert.target, insert.format, data, insert.settings))
        return answer

    def _whole(self, sql: str, name: str) -> Answer:
        answering = self._reads_only or first_word(sql) in _ANSWERING
        if not answering:
            # Whatever the statement may have set on the connection ends with it, or stays in its session.
            self._connection.spoiled = not self._request.session_id
            self._connection.database = ""
        chunk = self._connection.run(sql, name, self._request.params)
        answer = Answer(name if answering or chunk.size() else None, _given(chunk))
        answer.tally.count(chunk)
        return answer

    def _stream(self, sql: str, name: str) -> Answer | None:
        raw = self._connection.raw
        try:
            stream = raw.send_query(sql, name, params=dict(self._request.params))
        except RuntimeError as error:
            if _NOT_STREAMABLE in str(error):
                return None
            self._connection.spoiled = True
            raise EngineError(str(error)) from None
        answer = Answer(name, _given())

        def chunks() -> Generator[Chunk]:
            done = False
            try:
                while True:
                    with self._connection.failing():
                        chunk = raw.streaming_fetch_result(stream)
                    answer.tally.count(chunk)
                    done = chunk.rows_read() == 0
                    if chunk.size():
                        yield chunk
                    if done:
                        return
            finally:
                if not done and not self._connection.spoiled:
                    # Left in the middle, the stream still holds the connection.
                    self._connection.spoiled = True
                    with suppress(RuntimeError):
                        raw.streaming_cancel_query(stream)

        answer.chunks = chunks()
        return answer
