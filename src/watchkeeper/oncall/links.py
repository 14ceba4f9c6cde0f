"""Signed links: whoever has one may acknowledge, or silence, one group without a login."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from watchkeeper.access import Signer

ACKNOWLEDGE, SILENCE = "acknowledge", "silence"
"""What tokens of links are good for."""


@dataclass(frozen=True, slots=True)
class SignedLinks:
    """Makes the links below `external_url` (without a slash at its end); `lifetime_ms` is asked for each."""

    signer: Signer
    external_url: str
    lifetime_ms: Callable[[], int]

    def acknowledge(self, tenant: str, group_key: str, person: str = "") -> str:
        """Where the group is acknowledged; by `person`, where the link is made for one."""
        return f"{self.external_url}/ack/t/{self._token(ACKNOWLEDGE, tenant, group_key, person)}"

    def silence(self, tenant: str, group_key: str, person: str = "") -> str:
        """Where the group is silenced."""
        return f"{self.external_url}/silence/t/{self._token(SILENCE, tenant, group_key, person)}"

    def _token(self, purpose: str, tenant: str, group_key: str, person: str) -> str:
        content = {"tenant": tenant, "group_key": group_key, **({"person": person} if person else {})}
        return self.signer.token(purpose, content, self.lifetime_ms())
