"""All of Alertmanager's API as routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from watchkeeper.alerts import Alerts
from watchkeeper.api.alertmanager.alerts import AlertsFace
from watchkeeper.api.alertmanager.answer import Malformed, Refused, accepts_json, failed
from watchkeeper.api.alertmanager.routed import Routed
from watchkeeper.api.alertmanager.silences import SilencesFace
from watchkeeper.api.alertmanager.status import StatusFace
from watchkeeper.api.rooms import Core, Running

_Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]


def routes(core: Core, room: Alerts, routed: Routed, running: Running) -> BaseRoute:
    """The routes below `/api/v2`."""
    alerts, silences = AlertsFace(room, routed, core.clock), SilencesFace(room.silences, core.clock)
    status = StatusFace(routed, running, core.build)
    return Mount(
        "/api/v2",
        routes=[
            *_endpoint("/status", {"GET": status.show}),
            *_endpoint("/receivers", {"GET": status.receivers}),
            *_endpoint("/alerts", {"POST": alerts.post, "GET": alerts.show}),
            *_endpoint("/alerts/groups", {"GET": alerts.show_groups}),
            *_endpoint("/silences", {"POST": silences.post, "GET": silences.show}),
            *_endpoint("/silence/{id}", {"GET": silences.show_one, "DELETE": silences.delete}),
            Route("/{path:path}", _nothing_there, methods=_METHODS),
        ],
    )


def _endpoint(path: str, handlers: Mapping[str, _Handler]) -> Sequence[BaseRoute]:
    async def handle(request: Request) -> Response:
        handler = handlers.get(request.method)
        try:
            if handler is None:
                text = f"method {request.method} is not allowed, but [{','.join(handlers)}] are"
                raise Malformed(405, 405, text)
            if request.method == "GET" and not accepts_json(request):
                raise Malformed(406, 406, "unsupported media type requested, only [application/json] are available")
            return await handler(request)
        except (Malformed, Refused) as failure:
            return failed(failure)

    # With a slash at its end it is the same path to Alertmanager.
    return [Route(written, handle, methods=_METHODS) for written in (path, f"{path}/")]


async def _nothing_there(request: Request) -> Response:
    return failed(Malformed(404, 404, f"path {request.url.path} was not found"))
