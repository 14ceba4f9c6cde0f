"""Who knows which groups of alerts there are."""

from __future__ import annotations

from typing import Protocol

from watchkeeper.model.alert import Alert


class Groups(Protocol):
    """The groups as they are now; the room `alerts` has them."""

    def has(self, tenant: str, group_key: str) -> bool:
        """Say whether a tenant has a group of that key that holds alerts, silenced ones included."""
        ...

    def fires(self, alert: Alert) -> bool:
        """Say whether an alert still fires, in whichever group."""
        ...
