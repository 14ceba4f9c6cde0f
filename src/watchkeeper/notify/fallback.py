"""Another receiver that is told while one cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from watchkeeper.model.notification import Flush
from watchkeeper.notify.guard import Stuck


async def told_with_fallback(
    flush: Flush,
    fallback: str,
    tell: Callable[[Flush, Stuck], Awaitable[bool]],
    tell_other: Callable[[Flush], Awaitable[bool]],
) -> bool:
    """Tell a flush, and say whether that is done; as soon as it is stuck, tell the fallback as well.

    When all is over the fallback is told in any case: what it was told before, it should know the end of.
    """
    trouble: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def stuck(why: str) -> None:
        if not trouble.done():
            trouble.set_result(why)

    async def help_out() -> None:
        note = f"{flush.receiver} cannot be told: {await trouble}"
        await tell_other(replace(flush, receiver=fallback, note=note))

    async with asyncio.TaskGroup() as group:
        helping = group.create_task(help_out())
        told = await tell(flush, stuck)
        smooth = not trouble.done()
        if smooth:
            helping.cancel()
    if smooth and all(alert.is_resolved(flush.at) for alert in flush.alerts):
        note = f"{flush.receiver} is told, too"
        await tell_other(replace(flush, receiver=fallback, note=note))
    return told
