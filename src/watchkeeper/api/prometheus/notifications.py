"""What holds just now: `/notifications`, and as server-sent events `/notifications/live`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from watchkeeper.api.notices import Notice, Notices, TooManyListeners
from watchkeeper.api.prometheus.envelope import success

_LIVE = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


def routes(notices: Notices) -> list[BaseRoute]:
    """The routes below `/api/v1`."""

    async def now(request: Request) -> Response:
        return success([_json(notice) for notice in notices.active()])

    async def live(request: Request) -> Response:
        stack = ExitStack()
        try:
            coming = stack.enter_context(notices.listening())
        except TooManyListeners:
            return PlainTextResponse("no more listeners are taken; ask for /notifications instead\n", 204)

        async def events() -> AsyncIterator[bytes]:
            with stack:
                yield b": listening\n\n"
                async for notice in coming:
                    yield b"data: " + msgspec.json.encode(_json(notice)) + b"\n\n"

        return StreamingResponse(events(), headers=_LIVE)

    return [Route("/notifications", now), Route("/notifications/live", live)]


def _json(notice: Notice) -> dict[str, Any]:
    since = datetime.fromtimestamp(notice.since_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return {"text": notice.text, "date": since.replace("+00:00", "Z"), "active": notice.active}
