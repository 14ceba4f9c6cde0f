"""Pushgateway's API: `/metrics/job/…`, `/api/v1/metrics` and, where the admin API is enabled, `/api/v1/admin/wipe`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.body import read_body
from watchkeeper.api.prometheus.envelope import success
from watchkeeper.api.tenant import tenant_of
from watchkeeper.receive.pushgateway import LARGEST_BODY, Pushgateway, listing

_METHODS = ["PUT", "POST", "DELETE"]


def routes(gateway: Pushgateway) -> list[BaseRoute]:
    """Where groups are pushed and deleted."""

    async def plain(request: Request) -> Response:
        return await _handle(gateway, request, job_is_base64=False)

    async def encoded(request: Request) -> Response:
        return await _handle(gateway, request, job_is_base64=True)

    return [
        Route("/metrics/job/{path:path}", plain, methods=_METHODS),
        Route("/metrics/job@base64/{path:path}", encoded, methods=_METHODS),
    ]


def api_routes(gateway: Pushgateway, *, enable_admin: bool) -> list[BaseRoute]:
    """The routes below `/api/v1`."""

    async def groups(request: Request) -> Response:
        return success(listing(gateway.groups(tenant_of(request))))

    async def wipe(request: Request) -> Response:
        await gateway.wipe(tenant_of(request))
        return Response(status_code=202)

    listed: list[BaseRoute] = [Route("/metrics", groups, methods=["GET"])]
    return [*listed, Route("/admin/wipe", wipe, methods=["PUT"])] if enable_admin else listed


async def _handle(gateway: Pushgateway, request: Request, *, job_is_base64: bool) -> Response:
    tenant = tenant_of(request)
    job, _, rest = request.path_params["path"].partition("/")
    body = await read_body(request, LARGEST_BODY) if request.method != "DELETE" else b""
    answer = await gateway.handle(
        request.method, job, rest, body, request.headers, job_is_base64=job_is_base64, tenant=tenant
    )
    return PlainTextResponse(f"{answer.text}\n" if answer.text else "", answer.status)
