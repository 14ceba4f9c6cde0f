"""Is it up, does it answer, read your files again, stop; and our own metrics."""

from __future__ import annotations

from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.rooms import Core
from watchkeeper.base.failure import Failure


def routes(core: Core) -> list[BaseRoute]:
    """`/-/healthy`, `/-/ready`, `/-/reload`, `/-/quit` and `/metrics`."""

    async def healthy(request: Request) -> Response:
        return PlainTextResponse("Watchkeeper is Healthy.\n")

    async def ready(request: Request) -> Response:
        if core.status.ready:
            return PlainTextResponse("Watchkeeper is Ready.\n")
        return PlainTextResponse(f"Watchkeeper is not ready: {core.status.summary}\n", 503)

    async def reload(request: Request) -> Response:
        if core.lifecycle.reload is None:
            return _not_enabled()
        try:
            await core.lifecycle.reload()
        except Failure as why:
            return PlainTextResponse(f"failed to reload config: {why}\n", 500)
        return PlainTextResponse("")

    async def quit(request: Request) -> Response:
        if core.lifecycle.quit is None:
            return _not_enabled()
        core.lifecycle.quit()
        return PlainTextResponse("Requesting termination... Goodbye!")

    async def metrics(request: Request) -> Response:
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(core.registry), headers={"content-type": media_type})

    return [
        Route("/-/healthy", healthy, methods=["GET", "HEAD"]),
        Route("/-/ready", ready, methods=["GET", "HEAD"]),
        Route("/-/reload", reload, methods=["POST", "PUT"]),
        Route("/-/quit", quit, methods=["POST", "PUT"]),
        Route("/-/reload", _only_changes, methods=["GET"]),
        Route("/-/quit", _only_changes, methods=["GET"]),
        Route("/metrics", metrics),
    ]


async def _only_changes(request: Request) -> Response:
    return PlainTextResponse("Only POST or PUT requests allowed", 405, {"Allow": "POST, PUT"})


def _not_enabled() -> Response:
    return PlainTextResponse("Lifecycle API is not enabled.", 403)
