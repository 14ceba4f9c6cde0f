"""Who is handed what groups have to say."""

from __future__ import annotations

from typing import Protocol

from watchkeeper.model.notification import Flush


class Notifier(Protocol):
    """Tells receivers; the room `notify` is one."""

    async def notify(self, flush: Flush) -> bool:
        """Tell the flush's receiver, and say whether that is done: told, or there was nothing to tell.

        Tries again by itself until the flush's deadline. Where it is done, the group's resolved alerts are forgotten.
        """
        ...
