"""Requests that another process of ours answers: handed on as they came, and its answer handed back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from yarl import URL

from watchkeeper.api.body import read_body
from watchkeeper.api.web_config import FORWARDED
from watchkeeper.base.http import HTTPClient, HTTPFailure

logger = logging.getLogger(__name__)

FORWARDED_FOR = "X-Watchkeeper-Forwarded-For"
"""From which address a request came that bears a token of ours."""
LARGEST_BODY = 128 << 20
TIMEOUT_S = 30.0
# Hop by hop (RFC 9110, 7.6.1), or made anew on the way.
_NOT_HANDED_ON = frozenset(
    {
        b"accept-encoding",
        b"connection",
        b"content-length",
        b"host",
        b"keep-alive",
        b"origin",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_HANDED_BACK = frozenset({"connection", "content-encoding", "content-length", "date", "keep-alive", "server"})


class HandedOn:
    """ASGI middleware: what another process of ours hands on (`good` knows its token) comes from whoever asked it."""

    def __init__(self, app: ASGIApp, good: Callable[[str], bool]) -> None:
        self._app = app
        self._good = good

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            said = Headers(scope=scope)
            if (token := said.get(FORWARDED)) and self._good(token) and (address := said.get(FORWARDED_FOR)):
                scope["client"] = (address, 0)
        await self._app(scope, receive, send)


class Forwarding:
    """An ASGI application: asks the process at `address` (a URL without a path, or empty where nobody is known)."""

    def __init__(
        self, client: HTTPClient, address: Callable[[], str], credentials: Callable[[], Mapping[str, str]]
    ) -> None:
        self._client = client
        self._address = address
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = await self._response(request)
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        address = self._address()
        if not address or FORWARDED in request.headers:
            return _later("no process has taken the duty yet")
        query = request.scope["query_string"]
        path = request.scope["raw_path"] + (b"?" + query if query else b"")
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in request.scope["headers"]
            if name not in _NOT_HANDED_ON
        }
        try:
            answer = await self._client.request(
                request.method,
                URL(address + path.decode("latin-1"), encoded=True),
                headers={**headers, **self._credentials(), FORWARDED_FOR: _address(request)},
                body=await read_body(request, LARGEST_BODY),
                timeout_s=TIMEOUT_S,
            )
        except HTTPFailure as failure:
            logger.warning("the process on duty does not answer: %s", failure)
            return _later("the process on duty does not answer")
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_HANDED_BACK}
        return Response(answer.body, answer.status, kept)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _later(why: str) -> Response:
    return PlainTextResponse(f"{why}: try again\n", 503, {"Retry-After": "3"})
