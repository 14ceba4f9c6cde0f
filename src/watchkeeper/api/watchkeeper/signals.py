"""What other tools tell us: signs of life, and alerts by their own webhooks."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.alerts import Alerts, Inbound, InboundFailure, InvalidAlert, NoRoute
from watchkeeper.api.body import read_beginning, read_body
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, success
from watchkeeper.base.clock import Clock
from watchkeeper.oncall.heartbeat import Heartbeats, HeartbeatState, UnknownHeartbeat, WrongToken
from watchkeeper.store import StoreFailure

LARGEST_BODY = 8 << 20
LONGEST_WORD = 64 << 10
"""How much of what a failure says is read (bytes); the room keeps less of it."""
_RETRY_AFTER_S = 2


def routes(
    heartbeats: Heartbeats, alerts: Alerts, inbounds: Callable[[], Mapping[str, Inbound]], clock: Clock
) -> list[Route]:
    """`/heartbeats` and `/inbound`, below `/api/watchkeeper/v1`."""

    async def show(request: Request) -> Response:
        return success([_shown(state, clock.now_ms()) for state in heartbeats.states()])

    async def ping(request: Request) -> Response:
        return await _beat(heartbeats, request, None)

    async def fail(request: Request) -> Response:
        body = await read_beginning(request, LONGEST_WORD)
        return await _beat(heartbeats, request, body.decode(errors="replace").strip() or "no reason given")

    async def inbound(request: Request) -> Response:
        found = inbounds().get(request.path_params["name"])
        if found is None:
            raise ApiFailure(ErrorType.NOT_FOUND, f'there is no inbound webhook "{request.path_params["name"]}"')
        _check_token(found, request)
        return await _take(found, alerts, await _json(request), clock.now_ms())

    methods = ["GET", "HEAD", "POST", "PUT"]
    return [
        Route("/heartbeats", show),
        Route("/heartbeats/{name}/ping", ping, methods=methods),
        Route("/heartbeats/{name}/fail", fail, methods=methods),
        Route("/inbound/{name}", inbound, methods=["POST"]),
    ]


async def _beat(heartbeats: Heartbeats, request: Request, failure: str | None) -> Response:
    try:
        await heartbeats.beat(request.path_params["name"], _token(request), failure)
    except UnknownHeartbeat as why:
        raise ApiFailure(ErrorType.NOT_FOUND, str(why)) from None
    except WrongToken as why:
        raise HTTPException(401, str(why)) from None
    except StoreFailure as why:
        raise ApiFailure(ErrorType.UNAVAILABLE, str(why), _RETRY_AFTER_S) from None
    return success({})


async def _take(found: Inbound, alerts: Alerts, body: object, now: int) -> Response:
    try:
        received = found.alerts(body, now)
        await alerts.post(received, found.section.tenant)
    except (InboundFailure, InvalidAlert) as why:
        raise ApiFailure(ErrorType.BAD_DATA, str(why)) from None
    except NoRoute as why:
        raise ApiFailure(ErrorType.UNAVAILABLE, str(why)) from None
    except StoreFailure as why:
        raise ApiFailure(ErrorType.UNAVAILABLE, str(why), _RETRY_AFTER_S) from None
    return success({"alerts": len(received)})


async def _json(request: Request) -> object:
    try:
        return msgspec.json.decode(await read_body(request, LARGEST_BODY))
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise ApiFailure(ErrorType.BAD_DATA, f"the body is no JSON: {why}") from None


def _check_token(found: Inbound, request: Request) -> None:
    try:
        secret = found.section.secret()
    except OSError as why:
        text = f'the token of inbound "{found.section.name}" cannot be read: {why.strerror}'
        raise HTTPException(401, text) from None
    if secret and not hmac.compare_digest(secret.encode(), _token(request).encode()):
        raise HTTPException(
            401, f'inbound "{found.section.name}" needs its token, as Authorization: Bearer … or ?token=…'
        )


def _token(request: Request) -> str:
    """What the sender identifies itself by: a bearer token, or `token` in the query where it has no headers."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.query_params.get("token", "")


def _shown(state: HeartbeatState, now: int) -> dict[str, Any]:
    late = state.late_since is not None
    return {
        "name": state.config.name,
        "tenant": state.config.tenant,
        "status": "late" if late else "waiting" if state.last_at is None else "beating",
        "lastAt": state.last_at,
        "dueAt": state.due_at,
        "dueInMs": max(state.due_at - now, 0),
        "lateSince": state.late_since,
        "said": state.said,
    }
