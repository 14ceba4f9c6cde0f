"""Runbooks: `/runbooks`, and the one for an alert."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, success
from watchkeeper.api.tenant import tenant_of
from watchkeeper.api.watchkeeper.body import answering
from watchkeeper.api.watchkeeper.incident_json import runbook_json
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.oncall.incident import Incidents


def routes(room: Incidents) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""

    async def show(request: Request) -> Response:
        return success([runbook_json(one) for one in room.runbooks])

    async def show_one(request: Request) -> Response:
        name = str(request.path_params["name"])
        if (found := room.runbooks.by_name.get(name)) is None:
            message = f'there is no runbook "{name}"{did_you_mean(name, room.runbooks.by_name)}'
            raise ApiFailure(ErrorType.NOT_FOUND, message)
        return success(runbook_json(found, whole=True))

    async def of_alert(request: Request) -> Response:
        fingerprint = str(request.path_params["fingerprint"])
        if (found := room.runbook_of_alert(tenant_of(request), fingerprint)) is None:
            raise ApiFailure(ErrorType.NOT_FOUND, f'there is no runbook for the alert "{fingerprint}"')
        return success(runbook_json(found, whole=True))

    return [
        Route("/runbooks", show, methods=["GET"]),
        Route("/runbooks/{name}", show_one, methods=["GET"]),
        Route("/alerts/{fingerprint}/runbook", answering(of_alert), methods=["GET"]),
    ]
