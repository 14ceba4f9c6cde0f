"""What answers while the store is being opened."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.rooms import Status

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def routes(status: Status) -> list[BaseRoute]:
    """Every path: 503, and when to come again."""

    async def later(request: Request) -> Response:
        return PlainTextResponse(f"Watchkeeper is not ready: {status.summary}\n", 503, {"Retry-After": "1"})

    return [Route("/{path:path}", later, methods=_METHODS)]
