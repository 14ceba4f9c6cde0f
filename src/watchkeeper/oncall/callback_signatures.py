"""Whether a request comes from where it says: the signatures of Slack and Twilio, as they document them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from watchkeeper.base.failure import Failure

WINDOW_MS = 5 * 60_000
"""How old, or how far ahead, a request's own time may be."""


class CallbackRefused(Failure):
    """A callback that is not what it claims to be, or comes a second time. The text holds no secret."""


def check_slack(secret: str, timestamp: str, signature: str, body: bytes, now_ms: int) -> None:
    """Check Slack's signature (v0): HMAC-SHA256 over the time of sending and the body. Raises CallbackRefused."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 15):
        raise CallbackRefused("it says no time of sending (X-Slack-Request-Timestamp)")
    if abs(now_ms - int(timestamp) * 1000) > WINDOW_MS:
        raise CallbackRefused("it was sent more than five minutes ago, or lies ahead")
    proof = hmac.digest(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hex()
    if not hmac.compare_digest(f"v0={proof}".encode(), signature.encode()):
        raise CallbackRefused("its signature (X-Slack-Signature) is not Slack's")


def twilio_signature(token: str, url: str, form: Sequence[tuple[str, str]]) -> str:
    """Twilio's signature: HMAC-SHA1 over the whole URL and then each parameter of the form, sorted by its name."""
    text = url + "".join(f"{name}{value}" for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(token.encode(), text.encode(), hashlib.sha1)).decode()


def check_twilio(token: str, url: str, form: Sequence[tuple[str, str]], signature: str) -> None:
    """Check Twilio's signature; `url` is the one that Twilio was given. Raises CallbackRefused."""
    if not hmac.compare_digest(twilio_signature(token, url, form).encode(), signature.encode()):
        raise CallbackRefused("its signature (X-Twilio-Signature) is not Twilio's, or it was sent to another URL")
