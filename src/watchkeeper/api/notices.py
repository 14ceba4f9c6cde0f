"""What somebody who looks at the house should know now, and who is listening for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from watchkeeper.base.clock import Clock

RELOAD_FAILED = "Configuration reload has failed."
_BACKLOG = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """A text, and since when it holds (ms); one that holds no more is sent once as not active."""

    text: str
    since_ms: int
    active: bool = True


class TooManyListeners(Exception):
    """No further listener is taken."""


class Notices:
    """The notices that hold; to be used from the event loop only."""

    def __init__(self, clock: Clock, most_listeners: int) -> None:
        self._clock = clock
        self._most = most_listeners
        self._active: dict[str, Notice] = {}
        self._listeners: set[asyncio.Queue[Notice | None]] = set()

    def raise_(self, text: str) -> None:
        """Say that something holds from now on."""
        self._active[text] = Notice(text, self._clock.now_ms())
        self._tell(self._active[text])

    def settle(self, text: str) -> None:
        """Say that it holds no more; nothing happens where it did not."""
        notice = self._active.pop(text, None)
        if notice is not None:
            self._tell(replace(notice, active=False))

    def active(self) -> list[Notice]:
        """Those that hold, the oldest first."""
        return sorted(self._active.values(), key=lambda notice: notice.since_ms)

    @contextmanager
    def listening(self) -> Generator[AsyncIterator[Notice]]:
        """Those that hold and all that come, until `close`. Raises TooManyListeners."""
        if len(self._listeners) >= self._most:
            raise TooManyListeners
        queue: asyncio.Queue[Notice | None] = asyncio.Queue(_BACKLOG)
        for notice in self.active()[:_BACKLOG]:
            queue.put_nowait(notice)
        self._listeners.add(queue)
        try:
            yield _received(queue)
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Let every listener go."""
        self._tell(None)

    def _tell(self, notice: Notice | None) -> None:
        for queue in self._listeners:
            if queue.full():  # whoever does not read misses the oldest
                queue.get_nowait()
            queue.put_nowait(notice)


async def _received(queue: asyncio.Queue[Notice | None]) -> AsyncIterator[Notice]:
    while (notice := await queue.get()) is not None:
        yield notice
