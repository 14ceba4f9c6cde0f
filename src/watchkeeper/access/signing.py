"""Tokens that let whoever holds them do one thing to one object, until they expire (HMAC-SHA256)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watchkeeper.base.clock import Clock
from watchkeeper.base.failure import Failure
from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "access"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "signing key",
        ("CREATE TABLE access_keys (name VARCHAR(40) NOT NULL PRIMARY KEY, secret CHAR(64) NOT NULL)",),
    ),
)
_PUT = "INSERT INTO access_keys (name, secret) VALUES ('signing', :secret) ON CONFLICT (name) DO NOTHING"
_SELECT = "SELECT secret FROM access_keys WHERE name = 'signing'"
_SIGNATURE_BYTES = 16


class InvalidToken(Failure):
    """A token that we did not make, or that has expired; `expired` says which."""

    def __init__(self, text: str, *, expired: bool = False) -> None:
        super().__init__(text)
        self.expired = expired


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes and reads tokens. Their content can be read by whoever has them, but not be changed."""

    clock: Clock
    secret: bytes = field(repr=False)

    def token(self, purpose: str, content: Mapping[str, str], lives_ms: int) -> str:
        """A token for a URL (letters, digits, `-`, `_`, `.`), good for `purpose` only, for `lives_ms` from now."""
        payload = {"p": purpose, "e": self.clock.now_ms() + lives_ms, **{f"c.{k}": v for k, v in content.items()}}
        body = json.dumps(payload, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        return f"{_text(body)}.{_text(self._signature(body))}"

    def content(self, purpose: str, token: str) -> Mapping[str, str]:
        """What a token was made with. Raises InvalidToken."""
        body, signature = _parts(token)
        if not hmac.compare_digest(signature, self._signature(body)):
            raise InvalidToken("the link's signature is not ours")
        payload = json.loads(body)
        if payload["p"] != purpose:
            raise InvalidToken(f"the link is good for another purpose than {purpose!r}")
        if payload["e"] <= self.clock.now_ms():
            raise InvalidToken("the link has expired", expired=True)
        return {name[2:]: value for name, value in payload.items() if name.startswith("c.")}

    def _signature(self, body: bytes) -> bytes:
        return hmac.digest(self.secret, body, hashlib.sha256)[:_SIGNATURE_BYTES]


async def open_signer(control: ControlDatabase, clock: Clock) -> Signer:
    """The signer with the key that is kept in the control database, made on the first start. Raises StoreFailure."""
    await control.migrate(ROOM, STEPS)
    await control.run([(_PUT, [{"secret": secrets.token_hex(32)}])])
    rows = await control.rows(_SELECT)
    return Signer(clock, bytes.fromhex(str(rows[0][0])))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _parts(token: str) -> tuple[bytes, bytes]:
    body, dot, signature = token.partition(".")
    try:
        return _bytes(body), _bytes(signature if dot else "!")
    except (binascii.Error, ValueError):
        raise InvalidToken("the link is damaged: part of it is missing or was changed") from None


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
