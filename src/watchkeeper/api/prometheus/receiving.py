"""Remote write: `/write`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.body import read_body
from watchkeeper.api.tenant import tenant_of
from watchkeeper.receive.remote_write import RemoteWrite

LARGEST_BODY = 64 << 20


def routes(remote_write: RemoteWrite) -> list[BaseRoute]:
    """The routes below `/api/v1`."""

    async def write(request: Request) -> Response:
        body = await read_body(request, LARGEST_BODY)
        outcome = await remote_write.receive(body, request.headers, tenant_of(request))
        text = f"{outcome.text}\n" if outcome.text else ""
        return PlainTextResponse(text, outcome.status, outcome.headers)

    return [Route("/write", write, methods=["POST"])]
