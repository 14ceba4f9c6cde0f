"""Notices when a client has gone while its query still runs, and has the query killed."""

from __future__ import annotations

import logging
import socket
import threading
import time

from watchkeeper.engine.connection import EngineError, Pool
from watchkeeper.engine.execution import Execution

logger = logging.getLogger(__name__)

# How often the clients of running queries are looked at, and a kill is repeated that found no query yet.
_LOOK_EVERY_S = 0.1


class Watcher:
    """One thread that looks at the clients of all running requests, and sleeps while there are none."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._running: dict[socket.socket, Execution] = {}
        self._awake = threading.Event()

    def start(self) -> None:
        """Begin to watch, until the process ends."""
        threading.Thread(target=self._watch, name="watcher", daemon=True).start()

    def watch(self, client: socket.socket, execution: Execution) -> None:
        """Cancel `execution` when `client` goes away before `leave`."""
        self._running[client] = execution
        self._awake.set()

    def leave(self, client: socket.socket) -> None:
        """The request of `client` is over."""
        self._running.pop(client, None)

    def _watch(self) -> None:
        while True:
            self._awake.wait()
            time.sleep(_LOOK_EVERY_S)
            for client, execution in list(self._running.items()):
                if _has_gone(client):
                    self._cancel(execution)
            # Cleared before the look, so that a request that comes in between wakes us again.
            self._awake.clear()
            if self._running:
                self._awake.set()

    def _cancel(self, execution: Execution) -> None:
        try:
            execution.cancel(self._pool)
        except EngineError as error:
            logger.warning("a query whose client has gone could not be killed: %s", error)


def _has_gone(client: socket.socket) -> bool:
    try:
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
