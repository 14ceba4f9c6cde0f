"""The engine's process as its parent sees it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from watchkeeper.engine.failure import EngineFailure
from watchkeeper.engine.options import Orders
from watchkeeper.engine.parts import BrokenPart

logger = logging.getLogger("watchkeeper.engine")

_LEVELS = {
    "CRITICAL": logging.CRITICAL,
    "FATAL": logging.CRITICAL,
    "ERROR": logging.ERROR,
    "WARNING": logging.WARNING,
    "INFORMATION": logging.INFO,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": logging.DEBUG,
}
# Our own lines begin with the level; ClickHouse's carry it in angle brackets.
_LEVEL = re.compile(r"^([A-Z]+) |<([A-Za-z]+)>")
_LONGEST_LINE = 1 << 16
_LAST_WORDS = 20


class EngineProcess:
    """A child that has reported that it serves. Made by `spawn`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._log = asyncio.create_task(self._log_lines())
        self.port = 0
        self.broken_parts: tuple[BrokenPart, ...] = ()

    @staticmethod
    async def spawn(orders: Orders, timeout_s: float) -> EngineProcess:
        """Start a child and wait until it serves. Raises EngineFailure with the child's own reason."""
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "watchkeeper.engine"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
                # A Ctrl-C at the terminal is for the parent, which stops the engine when nobody needs it any more.
                start_new_session=True,
            )
        except OSError as error:  # no memory, too many processes or files
            raise EngineFailure(f"the engine's process cannot be started: {error}") from None
        child = EngineProcess(process)
        try:
            async with asyncio.timeout(timeout_s):
                report = await child._order(orders)
        except TimeoutError:
            await child.kill()
            raise EngineFailure(
                f"the engine did not open {orders.path} within {timeout_s:g} s" + child._words()
            ) from None
        except BaseException:
            await child.kill()
            raise
        child._take_report(orders.path, report)
        return child

    @property
    def pid(self) -> int:
        """The process' id."""
        return self._process.pid

    async def wait(self) -> str:
        """Wait until the process has ended; how it ended, in words."""
        status = await self._process.wait()
        await self._finish_log()
        return (f"was killed by signal {-status}" if status < 0 else f"exited with status {status}") + self._words()

    async def stop(self, timeout_s: float) -> None:
        """Have it close the engine cleanly; it is killed if it takes longer than that."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(timeout_s):
                await self._process.wait()
        except TimeoutError:
            logger.warning("the engine did not stop within %g s and was killed", timeout_s)
            await self.kill()
        await self._finish_log()

    async def kill(self) -> None:
        """End it at once; nothing acknowledged is lost."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._finish_log()

    async def _order(self, orders: Orders) -> Mapping[str, object]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        # A child that has died already is told so by its empty report (uvloop: a closed pipe is a RuntimeError).
        with suppress(ConnectionError, RuntimeError):
            stdin.write(orders.encode())
            await stdin.drain()
        line = await stdout.readline()
        if not line.endswith(b"\n"):
            how = await self.wait()
            raise EngineFailure(f"the engine could not open {orders.path}: it {how}")
        report = json.loads(line)
        if "failed" in report:
            await self.wait()
            reason = f"the engine could not open {orders.path}: {report['failed']}"
            # chDB gives some reasons on stderr alone.
            raise EngineFailure(reason + self._words())
        return report

    def _take_report(self, path: Path, report: Mapping[str, object]) -> None:
        port, broken = report["port"], report["broken"]
        assert isinstance(port, int) and isinstance(broken, list)
        self.port = port
        self.broken_parts = tuple(BrokenPart(**part) for part in broken)
        if self.broken_parts:
            logger.error(
                "%d broken part(s) were set aside in %s; their rows are missing from every answer: %s",
                len(self.broken_parts),
                path,
                "; ".join(map(str, self.broken_parts)),
            )

    async def _log_lines(self) -> None:
        """Carry the child's stderr over into our log, line by line."""
        stderr = self._process.stderr
        assert stderr is not None
        while True:
            try:
                line = await stderr.readuntil(b"\n")
            except asyncio.IncompleteReadError as error:
                line = error.partial
            except asyncio.LimitOverrunError as error:
                line = await stderr.readexactly(error.consumed)
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            if text:
                self._last_words.append(text)
                logger.log(_level(text), "%s", text)

    async def _finish_log(self) -> None:
        # A grandchild may hold the pipe open; then what has come by now must do.
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._log

    def _words(self) -> str:
        return "; its last words: " + " | ".join(self._last_words) if self._last_words else ""


def _level(text: str) -> int:
    match = _LEVEL.search(text)
    name = (match[1] or match[2]).upper() if match else ""
    return _LEVELS.get(name, logging.WARNING)
