"""ClickHouse's HTTP interface over chDB: a thread for each client connection, a chDB connection for each statement.

Threads rather than an event loop: chDB blocks without holding the GIL, so a loop would only hand every request to a
thread and back.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import BufferedReader
from socket import SocketIO

from watchkeeper.engine.access import Credentials
from watchkeeper.engine.connection import EngineError, Pool
from watchkeeper.engine.encoding import BadEncoding, decompress
from watchkeeper.engine.execution import Execution
from watchkeeper.engine.handover import Handover
from watchkeeper.engine.http import BadRequest, Head, read_body, read_head, send_head
from watchkeeper.engine.reply import Reply, send_error
from watchkeeper.engine.request import decode_request, url_parameters
from watchkeeper.engine.sessions import Sessions
from watchkeeper.engine.watcher import Watcher

logger = logging.getLogger(__name__)

_MOST_BODY_BYTES = 4 << 30
_MOST_CLIENTS = 512
# How long running statements may take to end once the engine is told to stop.
_DRAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Face:
    """What the server answers from: the engine's connections, and who may use them."""

    pool: Pool
    sessions: Sessions
    watcher: Watcher
    credentials: Credentials
    database: str
    handover: Handover | None
    # How many statements may run at a time.
    slots: threading.BoundedSemaphore
    places: int
    # Set once no more statements are taken.
    stopping: threading.Event


class Server:
    """Accepts clients on `listener`, which is bound and listening already."""

    def __init__(self, listener: socket.socket, face: Face) -> None:
        self._listener = listener
        self._face = face
        self._clients = threading.BoundedSemaphore(_MOST_CLIENTS)

    @property
    def port(self) -> int:
        """Where it listens, on loopback."""
        return self._listener.getsockname()[1]

    def stop(self) -> None:
        """Take no more clients; `serve` returns. May be called from a signal handler or another thread."""
        self._face.stopping.set()
        with suppress(OSError):
            # Closing would not wake a thread that waits in accept.
            self._listener.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let running statements end, for a while, take no new ones, and close the engine."""
        self._listener.close()
        deadline = time.monotonic() + _DRAIN_S
        for _ in range(self._face.places):
            self._face.slots.acquire(timeout=max(0.0, deadline - time.monotonic()))
        self._face.sessions.close()
        self._face.pool.close()
        if self._face.handover is not None:
            self._face.handover.close()

    def serve(self) -> None:
        """Accept clients until `stop`."""
        self._face.watcher.start()
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                if self._face.stopping.is_set():
                    return
                raise
            if not self._clients.acquire(blocking=False):
                client.close()
                continue
            threading.Thread(target=self._serve_client, args=(client,), daemon=True).start()

    def _serve_client(self, client: socket.socket) -> None:
        try:
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Conversation(client, self._face).run()
        except (ConnectionError, TimeoutError):
            pass  # a client that goes away is nobody's trouble
        except Exception:
            logger.exception("a request could not be served")
        finally:
            self._clients.release()


class Conversation:
    """The requests of one client connection, one after the other."""

    def __init__(self, client: socket.socket, face: Face) -> None:
        self._client = client
        self._face = face

    def run(self) -> None:
        """Answer requests until the client is done."""
        with BufferedReader(SocketIO(self._client, "r"), 1 << 16) as reader:
            try:
                while (head := read_head(reader)) is not None:
                    if head.headers.get("expect", "").lower() == "100-continue":
                        self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    body = read_body(reader, head, _MOST_BODY_BYTES)
                    if self._face.stopping.is_set():
                        return  # closed unanswered, the client knows that nothing was done and where to ask again
                    self._answer(head, body)
                    if not head.keeps_alive:
                        return
            except BadRequest as error:
                send_head(self._client, 400, {"Content-Length": "0", "X-Reason": str(error), "Connection": "close"})

    def _answer(self, head: Head, body: bytes) -> None:
        if head.path == "/ping":
            send_head(self._client, 200, {"Content-Length": "4"}, b"Ok.\n")
        elif head.path != "/":
            send_head(self._client, 404, {"Content-Length": "0"})
        else:
            try:
                self._run_statement(head, body)
            except EngineError as error:
                send_error(self._client, error)

    def _run_statement(self, head: Head, body: bytes) -> None:
        face = self._face
        params = url_parameters(head.query_string)
        if not face.credentials.admit(head.headers, params):
            raise EngineError(
                "Code: 516. DB::Exception: Authentication failed: password is incorrect, or there is no user with "
                "such name. (AUTHENTICATION_FAILED)"
            )
        try:
            plain = decompress(body, head.headers.get("content-encoding", ""), _MOST_BODY_BYTES)
        except BadEncoding as error:
            raise EngineError(f"Code: 354. DB::Exception: {error}. (ZLIB_INFLATE_FAILED)") from None
        request = decode_request(params, head.headers, plain, face.database)
        with ExitStack() as held:
            if not face.slots.acquire(blocking=False):
                raise EngineError(
                    "Code: 202. DB::Exception: Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)"
                )
            held.callback(face.slots.release)
            connection = face.sessions.take(request)
            held.callback(face.sessions.give_back, request, connection)
            execution = Execution(request, connection)
            held.callback(execution.finish)
            face.watcher.watch(self._client, execution)
            held.callback(face.watcher.leave, self._client)
            # Released by the reply before its last byte: a client that asks on at once finds its session and a place.
            Reply(self._client, head, request, face.handover, held.close).send(execution.start())
