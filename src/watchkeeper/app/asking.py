"""How a command asks a running server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from watchkeeper.api.tenant import HEADER
from watchkeeper.base.clock import SystemClock
from watchkeeper.base.failure import Failure
from watchkeeper.base.http import HTTPClient, HTTPClientConfig, shown_url

API = "/api/watchkeeper/v1"


class ServerFailure(Failure):
    """A server answers that it will not, or cannot."""


async def ask(
    url: str,
    path: str,
    tenant: str,
    *,
    params: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    timeout_s: float = 60.0,
) -> bytes:
    """What the server at `url` answers: to a GET with `params`, or to a POST where there is a `body`.

    Raises HTTPFailure where nobody answers, and ServerFailure with the server's own words.
    """
    client = HTTPClient(HTTPClientConfig(), SystemClock(), timeout_s=timeout_s)
    target = url.rstrip("/") + API + path + (f"?{urlencode(params)}" if params else "")
    sent = None if body is None else msgspec.json.encode(body)
    named = {HEADER: tenant} | ({} if sent is None else {"Content-Type": "application/json"})
    try:
        answer = await client.request("GET" if sent is None else "POST", target, headers=named, body=sent)
    finally:
        await client.close()
    if answer.status != 200:
        raise ServerFailure(f"{shown_url(target)} answers {answer.status}: {_reason(answer.body)}")
    return answer.body


def _reason(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body, type=dict[str, Any]).get("error", ""))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return body[:200].decode(errors="replace").strip()
