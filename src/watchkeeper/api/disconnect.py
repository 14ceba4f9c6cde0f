"""Work that nobody waits for any more is broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

T = TypeVar("T")


async def unless_gone(request: Request, work: asyncio.Future[T], break_off: Callable[[], None]) -> T:
    """The result of `work`; `break_off` is called, and nothing else, where the client leaves before it is there."""
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            break_off()
        return await work
    except asyncio.CancelledError:
        break_off()
        raise
    finally:
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
