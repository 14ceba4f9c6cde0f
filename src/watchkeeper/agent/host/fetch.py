"""The machine as the scrape loop fetches it: in this process, without HTTP."""

from __future__ import annotations

import asyncio
import threading

from watchkeeper.agent.host.host import Host
from watchkeeper.receive.scrape import Fetched, Format, ScrapeFailure, Target


class HostFetcher:
    """Fetches a round of the host's collectors, as a scrape of node-exporter would."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._round: asyncio.Future[bytes] | None = None

    async def fetch(self, target: Target) -> Fetched:
        """The page of one round. Raises ScrapeFailure where it takes longer than the target's timeout.

        A round that hangs in the kernel cannot be ended; until it has, there is no other.
        """
        if self._round is None or self._round.done():
            self._round = _in_thread(self.host)
        try:
            async with asyncio.timeout(target.timeout_ms / 1000):
                body = await asyncio.shield(self._round)
        except TimeoutError:
            timeout_s = target.timeout_ms / 1000
            raise ScrapeFailure(f"the machine was not read within the scrape timeout of {timeout_s:g}s") from None
        self._round = None
        return Fetched(body, Format.TEXT)


def _in_thread(host: Host) -> asyncio.Future[bytes]:
    """Collect in a daemon thread: one that hangs must not keep the process from ending, as a pool's would."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bytes] = loop.create_future()

    def settle(body: bytes | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(body or b"")

    def run() -> None:
        try:
            body, error = host.collect(), None
        except Exception as raised:
            body, error = None, raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, body, error)

    threading.Thread(target=run, name="host collector", daemon=True).start()
    return future
