"""Keeps the embedded engine running: starts its process, watches it, and starts it again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from watchkeeper.engine.failure import EngineFailure
from watchkeeper.engine.metrics import EngineMetrics
from watchkeeper.engine.options import EngineOptions, Orders
from watchkeeper.engine.parts import BrokenPart
from watchkeeper.engine.process import EngineProcess
from watchkeeper.store.endpoint import Endpoint

logger = logging.getLogger("watchkeeper.engine")

_USER = "watchkeeper"
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the system's place for it; our directory inside is private


class EngineState(Enum):
    """Where the engine stands."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    # It could not be started again; it is tried further, less and less often.
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the supervisor waits for what; seconds."""

    start_s: float = 300.0
    stop_s: float = 30.0
    look_every_s: float = 5.0
    hung_after_s: float = 30.0
    first_backoff_s: float = 0.1
    longest_backoff_s: float = 30.0
    # A process that ran this long before it died is started again without waiting.
    healthy_after_s: float = 60.0


class EmbeddedEngine:
    """The embedded engine on `path`, which only one process at a time can have.

    Port and secret stay the same over restarts, so clients just connect again; in between they are refused. The child
    is bound to the thread that runs the event loop: it is killed when that ends.
    """

    def __init__(
        self,
        path: Path,
        metrics: EngineMetrics,
        *,
        options: EngineOptions | None = None,
        patience: Patience | None = None,
        database: str = "watchkeeper",
        password: str | None = None,
        on_restart: Callable[[], None] | None = None,
    ) -> None:
        self._path = path.resolve()
        self._metrics = metrics
        self._options = options or EngineOptions()
        self._patience = patience or Patience()
        self._database = database
        self._password = password or secrets.token_urlsafe(32)
        self._on_restart = on_restart
        self._reservation: socket.socket | None = None
        self._process: EngineProcess | None = None
        self._task: asyncio.Task[None] | None = None
        self.state = EngineState.STOPPED
        self.last_error: str | None = None

    @property
    def broken_parts(self) -> tuple[BrokenPart, ...]:
        """The parts that the engine had set aside as broken when it started last."""
        return self._process.broken_parts if self._process is not None else ()

    @property
    def pid(self) -> int | None:
        """The engine's process, or None while there is none."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> Endpoint:
        """Open the engine and serve it; where it answers. Raises EngineFailure with the reason when it cannot open."""
        assert self._task is None, "the engine is started once"
        self.state = EngineState.STARTING
        self._reservation = _reserve_port()
        port: int = self._reservation.getsockname()[1]
        shared = _shared_directory(self._path)
        orders = Orders(self._path, port, _USER, self._password, self._database, shared, self._options)
        try:
            await self._spawn(orders)
        except EngineFailure as error:
            self._fail(str(error))
            self._reservation.close()
            raise
        self._task = asyncio.create_task(self._supervise(orders), name="engine supervisor")
        return Endpoint("127.0.0.1", port, _USER, self._password, self._database, shared_directory=shared)

    async def stop(self) -> None:
        """Close the engine cleanly; statements under way may end first. Does nothing when it does not run."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._process is not None:
            await self._process.stop(self._patience.stop_s)
            self._process = None
        if self._reservation is not None:
            self._reservation.close()
        self._metrics.up.set(0)
        self.state = EngineState.STOPPED

    async def _supervise(self, orders: Orders) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            started_s = loop.time()
            await self._until_dead(orders)
            failures = 0 if loop.time() - started_s >= self._patience.healthy_after_s else failures
            while True:
                await asyncio.sleep(self._backoff_s(failures))
                failures += 1
                try:
                    await self._spawn(orders)
                except EngineFailure as error:
                    self._fail(str(error))
                else:
                    break
            self._metrics.restarts.inc()
            logger.warning("the engine runs again as process %s", self.pid)
            if self._on_restart is not None:
                self._on_restart()

    async def _spawn(self, orders: Orders) -> None:
        self._process = await EngineProcess.spawn(orders, self._patience.start_s)
        self._metrics.detached_parts.set(len(self._process.broken_parts))
        self._metrics.up.set(1)
        self.state = EngineState.RUNNING

    def _fail(self, reason: str) -> None:
        self.state = EngineState.FAILED
        self.last_error = reason
        self._metrics.up.set(0)
        logger.error("%s", reason)

    async def _until_dead(self, orders: Orders) -> None:
        """Return once the process has ended, by itself or because it hung and was killed."""
        process = self._process
        assert process is not None
        end = asyncio.create_task(process.wait())
        look = asyncio.create_task(self._until_hung(orders))
        try:
            await asyncio.wait((end, look), return_when=asyncio.FIRST_COMPLETED)
            hung = not end.done()
            if hung:
                self._metrics.hangs.inc()
                await process.kill()
            how = await end
        finally:
            look.cancel()
            end.cancel()
        answer = f" after it had not answered for {self._patience.hung_after_s:g} s" if hung else ""
        self.state = EngineState.RESTARTING
        self.last_error = f"the engine {how}{answer}"
        self._metrics.up.set(0)
        logger.error("%s; it is being started again", self.last_error)

    async def _until_hung(self, orders: Orders) -> None:
        """Return once the engine has not answered for too long."""
        loop = asyncio.get_running_loop()
        answered_s = loop.time()
        while loop.time() - answered_s < self._patience.hung_after_s:
            await asyncio.sleep(self._patience.look_every_s)
            left_s = self._patience.hung_after_s - (loop.time() - answered_s)
            if await _answers(orders, max(left_s, 0.1)):
                answered_s = loop.time()

    def _backoff_s(self, failures: int) -> float:
        return min(self._patience.first_backoff_s * 2.0**failures, self._patience.longest_backoff_s)


async def _answers(orders: Orders, timeout_s: float) -> bool:
    """Say whether the engine runs a statement, or at least says why not, within that time."""
    login = base64.b64encode(f"{orders.user}:{orders.password}".encode()).decode()
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection("127.0.0.1", orders.port)
            try:
                writer.write(
                    f"GET /?query=SELECT+1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\n"
                    "Connection: close\r\n\r\n".encode()
                )
                return (await reader.readline()).startswith(b"HTTP/1.1 ")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _reserve_port() -> socket.socket:
    """A port on loopback that stays ours while the engine is away; it does not listen, so clients are refused."""
    reservation = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reservation.bind(("127.0.0.1", 0))
    return reservation


def _shared_directory(path: Path) -> Path | None:
    """Where results on their way lie, one directory for each user and data path; None without shared memory."""
    if not _SHARED_MEMORY.is_dir():
        return None
    digest = hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()
    return _SHARED_MEMORY / f"watchkeeper-{os.getuid()}-{digest}"
