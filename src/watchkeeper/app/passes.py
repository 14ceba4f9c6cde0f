"""How processes of ours know each other's requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.access import InvalidToken, Signer
from watchkeeper.api.web_config import FORWARDED

_PURPOSE = "forward"
_LASTS_MS = 60_000


@dataclass(frozen=True, slots=True)
class Passes:
    """Signed with the key in the control database that they share."""

    signer: Signer

    def headers(self) -> Mapping[str, str]:
        """What a request bears that this process hands on."""
        return {FORWARDED: self.signer.token(_PURPOSE, {}, _LASTS_MS)}

    def good(self, token: str) -> bool:
        """Say whether a request with this token was handed on by one of us."""
        try:
            self.signer.content(_PURPOSE, token)
        except InvalidToken:
            return False
        return True
