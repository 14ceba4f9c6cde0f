"""Addresses of Prometheus' own pages, which bookmarks and links in alerts name: they lead to ours."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.rooms import Core

_PAGES = (
    "/agent", "/alertmanager-discovery", "/alerts", "/classic/{page:path}", "/config", "/flags", "/graph", "/query",
    "/rules", "/runtime", "/service-discovery", "/starting", "/status", "/targets", "/tsdb-status",
)  # fmt: skip


def routes(core: Core, build: Mapping[str, str]) -> list[BaseRoute]:
    """Those pages, and `/version`."""

    async def home(request: Request) -> Response:
        return RedirectResponse(f"{core.options.route_prefix}/", 302)

    async def version(request: Request) -> Response:
        return Response(msgspec.json.encode(dict(build)), media_type="application/json")

    return [*(Route(page, home) for page in _PAGES), Route("/version", version)]
