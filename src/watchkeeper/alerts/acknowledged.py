"""Who knows which groups somebody looks after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Acknowledged(Protocol):
    """The acknowledgements in force; the room `oncall` has them."""

    def knows(self, tenant: str, group_key: str) -> bool:
        """Say whether there is one of that group at all, so that it is worth looking."""
        ...

    async def look(self, tenant: str, group_key: str, alerts: Mapping[str, bool]) -> bool:
        """Say whether a group that is about to be told is acknowledged; `alerts` says of each whether it fires.

        Alerts go by their fingerprints.
        """
        ...


class NobodyAcknowledges:
    """What holds where there is no such room."""

    def knows(self, tenant: str, group_key: str) -> bool:
        """None."""
        return False

    async def look(self, tenant: str, group_key: str, alerts: Mapping[str, bool]) -> bool:
        """Never."""
        return False
