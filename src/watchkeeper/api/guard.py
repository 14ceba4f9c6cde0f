"""The front door: which Host may be asked, which Origin may ask, who must say a password.

A page on the web can make a browser talk to a loopback server (by DNS rebinding, or by a form). So a server that only
listens on loopback answers only to names of this machine, and a request that changes something and comes from a page
must come from our own.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CORS_HEADERS = {
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, Origin",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Expose-Headers": "Date",
    "Vary": "Origin",
}


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """Who may come in. `hosts` (lower case, without port) are names this server answers to besides this machine's own;
    `cors_origin` is an anchored expression of origins whose pages may read answers, None for none."""

    loopback_only: bool
    hosts: frozenset[str] = frozenset()
    cors_origin: str | None = None

    @classmethod
    def of(cls, listen_hosts: Iterable[str], external_url: str | None, cors_origin: str | None) -> FrontDoor:
        """The door of a server that listens on these addresses and is known to people by `external_url`."""
        listening = list(listen_hosts)
        known = {host.lower() for host in listening}
        if external_url:
            known.add((urlsplit(external_url).hostname or "").lower())
        return cls(all(_is_loopback(host) for host in listening), frozenset(known), cors_origin)

    def knows_host(self, host: str) -> bool:
        """Say whether a request to this Host header is meant for us."""
        if not self.loopback_only:
            return True
        name = _without_port(host)
        return _is_loopback(name) or name in self.hosts

    def reads_cross_origin(self, origin: str) -> bool:
        """Say whether pages of `origin` may read what we answer."""
        return self.cors_origin is not None and re.fullmatch(self.cors_origin, origin) is not None

    def welcomes(self, method: str, origin: str | None, host: str) -> bool:
        """Say whether a request from a page of `origin` (None: not from a page) may do what `method` does."""
        if origin is None or self.reads_cross_origin(origin):
            return True
        same = urlsplit(origin).netloc.lower() == host.lower() or _without_port(urlsplit(origin).netloc) in self.hosts
        return same or (method in ("GET", "HEAD") and not self.loopback_only)


def _without_port(host: str) -> str:
    name = host.rsplit(":", 1)[0] if re.search(r":\d+$", host) else host
    return name.strip("[]").lower()


@lru_cache(maxsize=256)
def _is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware that holds the front door."""

    def __init__(self, app: ASGIApp, door: FrontDoor) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin, host = headers.get("origin"), headers.get("host", "")
        refusal = self._refusal(scope["method"], origin, host)
        if refusal is not None:
            await refusal(scope, receive, send)
        elif scope["method"] == "OPTIONS" and not (origin is not None and self._door.reads_cross_origin(origin)):
            await Response(status_code=204, headers={"Allow": _CORS_HEADERS["Access-Control-Allow-Methods"]})(
                scope, receive, send
            )
        elif origin is not None and self._door.reads_cross_origin(origin):
            await self._across(origin, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, method: str, origin: str | None, host: str) -> Response | None:
        if not self._door.knows_host(host):
            return PlainTextResponse(
                f'This server answers only to names of its own machine, not to "{host[:200]}". '
                "Set --web.external-url, or listen on another address than loopback.\n",
                403,
            )
        if not self._door.welcomes(method, origin, host):
            return PlainTextResponse(
                f'Pages of "{(origin or "")[:200]}" may not use this server. Allow them with --web.cors.origin.\n', 403
            )
        return None

    async def _across(self, origin: str, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = {**_CORS_HEADERS, "Access-Control-Allow-Origin": origin}
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=allowed)(scope, receive, send)
            return

        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(allowed)
            await send(message)

        await self._app(scope, receive, send_allowed)
