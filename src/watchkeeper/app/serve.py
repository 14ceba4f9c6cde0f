"""One process from its start to its end."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys

import uvloop

from watchkeeper.app.greeting import greeting
from watchkeeper.app.house import House
from watchkeeper.app.settings import Settings
from watchkeeper.base.clock import SystemClock
from watchkeeper.base.failure import Failure

logger = logging.getLogger("watchkeeper.app")


def run(settings: Settings) -> int:
    """Serve until a signal or `/-/quit` asks for the end; the exit code. Raises Failure where it cannot start."""
    return uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    house = House(settings, SystemClock())
    loop = asyncio.get_running_loop()
    for asked in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(asked, house.stopped.set)
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = loop.create_task(_reload(house))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    starting = asyncio.create_task(house.start())
    stopping = asyncio.create_task(house.stopped.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return 0
    starting.result()
    url = house.core.options.external_url
    logger.info("ready: open %s", url)
    if sys.stdout.isatty():
        sys.stdout.write(greeting(url, settings.enable_remote_write))
        sys.stdout.flush()
    await stopping
    logger.info("stopping")
    await house.stop()
    return 0


async def _reload(house: House) -> None:
    try:
        await house.reload()
    except Failure:
        logger.debug("the reload was refused")
