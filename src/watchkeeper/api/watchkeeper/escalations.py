"""Escalations under way: `/escalations`, what people do to them, and whether a person can be reached."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.caller import caller_of
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, success
from watchkeeper.api.tenant import tenant_of
from watchkeeper.api.watchkeeper.asked import body_of, refused
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.notify import Trial
from watchkeeper.oncall import OnCall, OnCallFailure
from watchkeeper.oncall.escalation.escalation import Escalation
from watchkeeper.oncall.escalation.policy import read_target
from watchkeeper.oncall.schedule.shown import time_text

_Deed = Callable[[Escalation, "Asked", str], Awaitable[None]]
"""Done to one, as asked, by whom."""


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What is posted: who does it, and whom it is handed over to."""

    actor: str = ""
    target: str = ""


class Hands(Protocol):
    """Who takes groups in hand; the room `oncall`'s acknowledgements do."""

    async def take(self, tenant: str, group_key: str, actor: str) -> bool:
        """Acknowledge a group; False where nothing fires in it. Raises Failure."""
        ...

    async def release(self, tenant: str, group_key: str, actor: str) -> bool:
        """Take an acknowledgement back; False where there is none. Raises Failure."""
        ...


def routes(room: OnCall, hands: Hands) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`."""
    face = EscalationsFace(room, hands)
    deeds: dict[str, _Deed] = {
        "acknowledge": face.acknowledge,
        "release": face.release,
        "assign": face.assign,
        "resolve": face.resolve,
    }
    return [
        Route("/escalations", face.all),
        *(
            Route(f"/escalations/{{id}}/{name}", face.doing(deed), methods=["POST"], name=name)
            for name, deed in deeds.items()
        ),
        Route("/people/{name}/test", face.test, methods=["POST"]),
    ]


class EscalationsFace:
    """Handlers."""

    def __init__(self, room: OnCall, hands: Hands) -> None:
        self._room = room
        self._hands = hands

    async def all(self, request: Request) -> Response:
        """Every escalation of the tenant that is under way."""
        tenant = tenant_of(request)
        return success([_json(one) for one in self._room.escalations.live() if one.tenant == tenant])

    def doing(self, deed: _Deed) -> Callable[[Request], Awaitable[Response]]:
        """A handler that does something to one escalation, and answers with what it has become."""

        async def handle(request: Request) -> Response:
            asked = await body_of(request, Asked)
            found = self._find(request)
            try:
                await deed(found, asked, caller_of(request, asked.actor))
            except OnCallFailure as failure:
                raise refused(failure) from failure
            left = self._room.escalations.find(found.id)
            return success({**_json(found), "state": "resolved"} if left is None else _json(left))

        return handle

    async def acknowledge(self, found: Escalation, asked: Asked, actor: str) -> None:
        """Stop it: somebody has the alerts in hand."""
        await self._hands.take(found.tenant, found.group_key, actor)
        await self._room.escalations.acknowledged(found.tenant, found.group_key, actor)

    async def release(self, found: Escalation, asked: Asked, actor: str) -> None:
        """Let it go on."""
        await self._hands.release(found.tenant, found.group_key, actor)
        await self._room.escalations.released(found.tenant, found.group_key, actor)

    async def assign(self, found: Escalation, asked: Asked, actor: str) -> None:
        """Hand it over."""
        try:
            target = read_target(asked.target)
        except ValueError as error:
            raise ApiFailure(ErrorType.BAD_DATA, f"target: {error}") from None
        self._room.check_target(target)
        await self._room.escalations.assign(found.id, target, actor)

    async def resolve(self, found: Escalation, asked: Asked, actor: str) -> None:
        """End it."""
        await self._room.escalations.resolve(found.id, actor)

    async def test(self, request: Request) -> Response:
        """Send somebody a test notification by each contact."""
        try:
            trials = await self._room.test(request.path_params["name"])
        except OnCallFailure as failure:
            raise refused(failure) from failure
        return success([_trial(contact, one) for contact, each in trials.items() for one in each])

    def _find(self, request: Request) -> Escalation:
        id = request.path_params["id"]
        found = self._room.escalations.find(id)
        if found is None or found.tenant != tenant_of(request):
            raise ApiFailure(ErrorType.NOT_FOUND, f'there is no escalation "{id}" under way')
        return found


def _json(escalation: Escalation) -> dict[str, Any]:
    due_at = escalation.due_at
    return {
        "id": escalation.id,
        "policy": escalation.policy,
        "state": escalation.state.value,
        "group_key": escalation.group_key,
        "group_labels": dict(escalation.group_labels),
        "alerts": [{"fingerprint": fingerprint(one.labels), "labels": dict(one.labels)} for one in escalation.alerts],
        "begun_at": time_text(escalation.begun_at),
        "steps_told": escalation.steps_told,
        "next_step_at": None if due_at is None else time_text(due_at),
        "waiting": [{"receiver": page.receiver, "at": time_text(page.at)} for page in escalation.pages],
        "told": list(escalation.told),
        "assigned": escalation.assigned,
        "acknowledged_by": escalation.acknowledged_by,
    }


def _trial(contact: str, trial: Trial) -> dict[str, Any]:
    return {
        "contact": contact,
        "integration": trial.integration,
        "sent": not trial.failure,
        "error": trial.failure,
    }
