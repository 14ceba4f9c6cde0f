"""Does a notification arrive? `/receivers/{name}/test`."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, success
from watchkeeper.notify import Notify, Trial


def routes(notify: Notify) -> list[Route]:
    """The route below `/api/watchkeeper/v1`."""

    async def test(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            trials = await notify.test(name)
        except KeyError:
            raise ApiFailure(ErrorType.NOT_FOUND, f'there is no receiver "{name}"') from None
        return success({"receiver": name, "integrations": [_shown(trial) for trial in trials]})

    return [Route("/receivers/{name:path}/test", test, methods=["POST"])]


def _shown(trial: Trial) -> dict[str, Any]:
    return {
        "integration": trial.integration,
        "sent": not trial.failure,
        "answer": trial.answer,
        "failure": trial.failure,
        "seconds": trial.took_s,
        "wrongTemplates": trial.wrong_templates,
    }
