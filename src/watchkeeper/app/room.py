"""What the house asks of each room that takes part in a reload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from watchkeeper.app.configuration import Configuration

TakeUp: TypeAlias = Callable[[], Awaitable[None]]


class Room(Protocol):
    """A room that lives by the configuration."""

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Check everything that could be wrong, change nothing, and return what takes the configuration up.

        Raises Failure; what is returned must not fail.
        """
        ...
