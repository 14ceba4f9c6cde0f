"""Deployments, told by whatever deploys: `/deployments`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.prometheus.envelope import bad_parameter, success
from watchkeeper.api.prometheus.params import Params, parse_time_ms
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.api.watchkeeper.body import Posted, read_json, required
from watchkeeper.api.watchkeeper.incident_bodies import http_url
from watchkeeper.base.instant import rfc3339
from watchkeeper.journal import Entry
from watchkeeper.oncall.incident import Deployment, Incidents

_DEFAULT_SINCE_MS = 7 * 86_400_000
_DEFAULT_LIMIT = 100


class PostedDeployment(Posted, forbid_unknown_fields=True):
    """A deployment; without `at` it is now."""

    service: str = ""
    version: str = ""
    environment: str = ""
    at: str = ""
    url: str = ""


def routes(core: Core, room: Incidents) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""

    async def post(request: Request) -> Response:
        posted = await read_json(request, PostedDeployment)
        deployment = Deployment(
            service=required("service", posted.service, "the name of what was deployed"),
            version=required("version", posted.version, "which version of it"),
            at=_at(posted.at, core.clock.now_ms()),
            environment=" ".join(posted.environment.split())[:200],
            url=http_url("url", posted.url),
            by=" ".join(str(getattr(request.state, "user", "") or posted.by).split())[:200],
            tenant=tenant_of(request),
        )
        await room.deployed(deployment)
        return success(_shown(deployment.entry()))

    async def show(request: Request) -> Response:
        params = await Params.of(request)
        since = params.time_ms("since", core.clock.now_ms() - _DEFAULT_SINCE_MS)
        found = await room.deployments(tenant_of(request), since, min(params.limit() or _DEFAULT_LIMIT, 1000))
        return success([_shown(one) for one in found])

    return [Route("/deployments", post, methods=["POST"]), Route("/deployments", show, methods=["GET"])]


def _shown(entry: Entry) -> dict[str, object]:
    return {**entry.details, "at": rfc3339(entry.at), "by": entry.actor}


def _at(text: str, now: int) -> int:
    if not text:
        return now
    try:
        at = parse_time_ms(text)
    except ValueError as why:
        raise bad_parameter("at", f"{why}: right would be 2026-01-31T18:00:00Z, or seconds since 1970") from None
    if not 0 <= at <= now + 86_400_000:
        raise bad_parameter("at", f'"{text}" lies too far from now: a day ahead at the most')
    return at
