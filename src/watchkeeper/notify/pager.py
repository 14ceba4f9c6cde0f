"""Who climbs an escalation policy."""

from __future__ import annotations

from typing import Protocol

from watchkeeper.model.notification import Flush


class Pager(Protocol):
    """Tells those whom escalation policies name, one after the other; the room `oncall` is one."""

    async def page(self, policy: str, flush: Flush, *, again: bool) -> None:
        """Take over what a group has to say to a policy: what fires is escalated, what has ended ends that.

        The same may be handed over several times. `again` says that it was told before, and that it is time to repeat
        it.
        """
        ...
