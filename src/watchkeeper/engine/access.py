"""Who may speak to the engine: whoever knows the secret, shown in any of the ways that ClickHouse's clients use."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one user of the engine."""

    user: str
    password: str = field(repr=False)

    def admit(self, headers: Mapping[str, str], params: Mapping[str, str]) -> bool:
        """Say whether the request shows this user's password: in ClickHouse's headers, by Basic auth or in the URL."""
        user, password = _shown(headers, params)
        known = hmac.compare_digest(user.encode(), self.user.encode())
        return hmac.compare_digest(password.encode(), self.password.encode()) and known


def _shown(headers: Mapping[str, str], params: Mapping[str, str]) -> tuple[str, str]:
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return headers.get("x-clickhouse-user", ""), headers.get("x-clickhouse-key", "")
    kind, _, encoded = headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            user, _, password = b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return "", ""
        return user, password
    return params.get("user", ""), params.get("password", "")
