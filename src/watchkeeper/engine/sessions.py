"""ClickHouse's HTTP sessions: a connection that stays with its client, with its settings and temporary tables."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from watchkeeper.engine.connection import Connection, EngineError, Pool
from watchkeeper.engine.request import Request


@dataclass(slots=True)
class _Session:
    connection: Connection
    busy: bool = True
    expires_at_s: float = field(default=float("inf"))


class Sessions:
    """Gives each request its connection: its session's own, or one of the pool's. Safe to use from several threads.

    A session ends when its client was silent for its timeout, when its connection failed, or when it is the longest
    idle of more than `most`. Ending costs a client its temporary tables, nothing else: the next request opens it anew.
    """

    def __init__(self, pool: Pool, most: int = 128) -> None:
        self._pool = pool
        self._most = most
        self._sessions: dict[str, _Session] = {}
        self._lock = threading.Lock()

    def take(self, request: Request) -> Connection:
        """A connection with the request's database and settings on it. Raises EngineError."""
        if not request.session_id:
            return self._pool.take(request.database, request.settings, request.query_id)
        session = self._open(request.session_id)
        try:
            self._pool.prepare(session.connection, request.database, request.settings, request.query_id)
        except EngineError:
            self.give_back(request, session.connection)
            raise
        return session.connection

    def give_back(self, request: Request, connection: Connection) -> None:
        """The request is over; its connection waits for the session's next request, or for anybody's."""
        if not request.session_id:
            self._pool.give_back(connection)
            return
        with self._lock:
            session = self._sessions[request.session_id]
            session.busy = False
            session.expires_at_s = time.monotonic() + request.session_timeout_s
            if connection.spoiled:
                del self._sessions[request.session_id]
        if connection.spoiled:
            connection.close()

    def close(self) -> None:
        """End every session."""
        with self._lock:
            ended = list(self._sessions.values())
            self._sessions.clear()
        for session in ended:
            session.connection.close()

    def _open(self, session_id: str) -> _Session:
        with self._lock:
            ended = self._expired(time.monotonic())
            session = self._sessions.get(session_id)
            if session is not None and session.busy:
                raise EngineError(
                    f"Code: 373. DB::Exception: Session {session_id} is locked by a concurrent client. "
                    "(SESSION_IS_LOCKED)"
                )
            if session is None:
                session = _Session(self._pool.open())
                self._sessions[session_id] = session
            session.busy = True
        for connection in ended:
            connection.close()
        return session

    def _expired(self, now_s: float) -> list[Connection]:
        """Take out the sessions that have ended; the lock is held."""
        idle = sorted((s.expires_at_s, name) for name, s in self._sessions.items() if not s.busy)
        too_many = len(self._sessions) - self._most
        ended = [name for index, (at, name) in enumerate(idle) if at <= now_s or index < too_many]
        return [self._sessions.pop(name).connection for name in ended]
