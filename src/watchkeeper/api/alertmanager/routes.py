"""All of Alertmanager's API as routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from watchkeeper.alerts import Alerts
from watchkeeper.api.alertmanager.alerts import AlertsFace
from watchkeeper.api.alertmanager.answer import Malformed, Refused, failed
from watchkeeper.api.alertmanager.silences import SilencesFace
from watchkeeper.api.alertmanager.status import Routed, StatusFace
from watchkeeper.api.rooms import Core, Running

_Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


def routes(core: Core, room: Alerts, routed: Routed, running: Running) -> BaseRoute:
    """The routes below `/api/v2`."""
    alerts, silences = AlertsFace(room, core.clock), SilencesFace(room.silences, core.clock)
    status = StatusFace(routed, running, core.build)
    return Mount(
        "/api/v2",
        routes=[
            _endpoint("/status", {"GET": status.show}),
            _endpoint("/receivers", {"GET": status.receivers}),
            _endpoint("/alerts", {"POST": alerts.post, "GET": alerts.show}),
            _endpoint("/alerts/groups", {"GET": alerts.show_groups}),
            _endpoint("/silences", {"POST": silences.post, "GET": silences.show}),
            _endpoint("/silence/{id}", {"GET": silences.show_one, "DELETE": silences.delete}),
            Route("/{path:path}", _nothing_there, methods=_METHODS),
        ],
    )


def _endpoint(path: str, handlers: Mapping[str, _Handler]) -> BaseRoute:
    async def handle(request: Request) -> Response:
        handler = handlers.get("GET" if request.method == "HEAD" else request.method)
        try:
            if handler is None:
                text = f"method {request.method} is not allowed, but [{','.join(handlers)}] are"
                raise Malformed(405, 405, text)
            return await handler(request)
        except (Malformed, Refused) as failure:
            return failed(failure)

    return Route(path, handle, methods=_METHODS)


async def _nothing_there(request: Request) -> Response:
    return failed(Malformed(404, 404, f"path {request.url.path} was not found"))
