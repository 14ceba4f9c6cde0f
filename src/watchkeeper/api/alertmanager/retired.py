"""Version 1 of Alertmanager's API, which it has given up, and says so to whoever still asks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

_ANSWER = msgspec.json.encode(
    {
        "status": "deprecated",
        "error": "The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0 - "
        "please use the equivalent route in the v2 API",
    }
)


def routes(*, beside_prometheus: bool) -> Sequence[BaseRoute]:
    """The paths of version 1. Where Prometheus' API is there as well, GET of `/api/v1/alerts` is that API's."""
    return [
        Route("/api/v1/alerts", _gone, methods=["POST"] if beside_prometheus else ["GET", "POST"]),
        Route("/api/v1/status", _gone, methods=["GET"]),
        Route("/api/v1/receivers", _gone, methods=["GET"]),
        Route("/api/v1/silences", _gone, methods=["GET", "POST"]),
        Route("/api/v1/silence/{id}", _gone, methods=["GET", "DELETE"]),
    ]


async def _gone(request: Request) -> Response:
    return Response(_ANSWER, 410, media_type="application/json")
