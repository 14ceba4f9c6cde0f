"""The life of the engine's process: take the path, open chDB, say so, serve, and end with the parent."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import socket
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from watchkeeper.base.lock import FolderInUse, take
from watchkeeper.engine.access import Credentials
from watchkeeper.engine.connection import EngineError, Pool, quote_identifier
from watchkeeper.engine.handover import Handover
from watchkeeper.engine.library import die_at_once_when_crashing, load_library
from watchkeeper.engine.options import Orders, machine_memory_bytes, server_configuration, statement_defaults
from watchkeeper.engine.parts import BrokenPart, find_broken_parts
from watchkeeper.engine.server import Face, Server
from watchkeeper.engine.sessions import Sessions
from watchkeeper.engine.tokens import forget_lost_inserts
from watchkeeper.engine.watcher import Watcher

_PR_SET_PDEATHSIG = 1
# How long closing may take before the kernel ends the process.
_CLOSING_S = 20


def main() -> int:
    """Serve until stopped: orders come as one line of JSON on stdin, whose end is the parent's end.

    The report goes out as one line of JSON on what was stdout; 0 after a clean stop, 1 when the engine did not open.
    """
    _die_with_parent()
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(message)s", level=logging.INFO)
    report_to = _private_stdout()
    orders = Orders.decode(_first_line(0))
    try:
        orders.path.mkdir(parents=True, exist_ok=True)
        take(orders.path, "engine.lock")
        server, broken = _open(orders)
    except (FolderInUse, EngineError, OSError) as error:
        _report(report_to, {"failed": str(error)})
        return 1
    signal.signal(signal.SIGTERM, lambda _number, _frame: server.stop())
    threading.Thread(target=_stop_with_parent, args=(server,), name="parent", daemon=True).start()
    _report(report_to, {"port": server.port, "broken": [asdict(part) for part in broken]})
    server.serve()
    # Its default action ends the process in the kernel, whatever hangs in here.
    signal.alarm(_CLOSING_S)
    server.close()
    return 0


def _open(orders: Orders) -> tuple[Server, tuple[BrokenPart, ...]]:
    """chDB on the orders' path with its default database, the server in front of it, and what was found broken."""
    configuration = orders.path / "engine.xml"
    if lost := forget_lost_inserts(orders.path):
        logging.warning("inserts cut off by a kill, to be sent again: %d", lost)
    configuration.write_text(server_configuration(orders.options, orders.path, machine_memory_bytes()))
    pool = Pool(load_library(), f"{orders.path}?config-file={configuration}", statement_defaults(orders.options))
    die_at_once_when_crashing()
    pool.keeper.run(f"CREATE DATABASE IF NOT EXISTS {quote_identifier(orders.database)} ENGINE = Atomic")
    face = Face(
        pool=pool,
        sessions=Sessions(pool),
        watcher=Watcher(pool),
        credentials=Credentials(orders.user, orders.password),
        database=orders.database,
        handover=Handover(orders.shared_directory) if orders.shared_directory is not None else None,
        slots=threading.BoundedSemaphore(orders.options.concurrent_queries),
        places=orders.options.concurrent_queries,
        stopping=threading.Event(),
    )
    return Server(_listen(orders.port), face), find_broken_parts(pool.keeper)


def _listen(port: int) -> socket.socket:
    """A listener on loopback; on a port that the parent keeps reserved, or one of the system's choice for 0."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(256)
    return listener


def _first_line(descriptor: int) -> bytes:
    """What comes on a pipe up to the first end of line; nothing is read ahead of the thread that waits for the end."""
    line = b""
    while not line.endswith(b"\n") and (piece := os.read(descriptor, 1 << 16)):
        line += piece
    return line


def _private_stdout() -> BinaryIO:
    """What was stdout, for the report alone: whatever the engine prints goes to stderr."""
    mine = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(mine, "wb", buffering=0)


def _report(to: BinaryIO, message: dict[str, object]) -> None:
    to.write(json.dumps(message).encode() + b"\n")
    to.close()


def _die_with_parent() -> None:
    """Have the kernel kill this process when the parent's starting thread ends; Linux only.

    Nothing acknowledged is lost that way, and a hung engine cannot keep the path taken. Elsewhere, and for a clean
    stop, the end of stdin says the same.
    """
    if Path("/proc/self").exists():
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _stop_with_parent(server: Server) -> None:
    while os.read(0, 1 << 16):
        pass
    server.stop()
