"""OTLP metrics over HTTP: `/v1/metrics`, and where Prometheus has it, `/api/v1/otlp/v1/metrics`."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.body import read_body
from watchkeeper.api.tenant import tenant_of
from watchkeeper.receive.otlp import OTLP


def routes(otlp: OTLP, path: str = "/v1/metrics") -> list[BaseRoute]:
    """The route that takes metrics at `path`."""

    async def export(request: Request) -> Response:
        tenant = tenant_of(request)
        try:
            body = await read_body(request, otlp.limits.packed_bytes)
        except HTTPException as refused:
            outcome = otlp.too_large(refused.detail, request.headers)
        else:
            outcome = await otlp.receive(body, request.headers, tenant)
        return Response(outcome.body, outcome.status, outcome.headers, outcome.media_type)

    return [Route(path, export, methods=["POST"])]
