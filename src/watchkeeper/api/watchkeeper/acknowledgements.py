"""Acknowledgements as JSON: `/acknowledgements`."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.alertmanager.times import time_text
from watchkeeper.api.body import read_body
from watchkeeper.api.caller import user_of
from watchkeeper.api.json_body import decode_json
from watchkeeper.api.oncall.desk import LARGEST_FORM, LONGEST_COMMENT, LONGEST_NAME, Desk
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter, success
from watchkeeper.api.tenant import tenant_of
from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.oncall import Acknowledgement
from watchkeeper.oncall.responding import NothingFires


class Posted(msgspec.Struct, forbid_unknown_fields=True):
    """What is posted."""

    group_key: str
    by: str = ""
    comment: str = ""
    duration: str = ""
    closed: bool = False


def routes(desk: Desk) -> list[Route]:
    """The route below `/api/watchkeeper/v1`."""

    async def acknowledgements(request: Request) -> Response:
        match request.method:
            case "POST":
                return await _give(desk, request)
            case "DELETE":
                return await _release(desk, request)
            case _:
                return _show(desk, request)

    return [Route("/acknowledgements", acknowledgements, methods=["GET", "POST", "DELETE"])]


def _show(desk: Desk, request: Request) -> Response:
    held = desk.responding.acknowledgements.all(tenant_of(request))
    wanted = request.query_params.get("group_key")
    return success([_shown(one) for one in held if wanted in (None, one.group_key)])


async def _give(desk: Desk, request: Request) -> Response:
    posted = decode_json(await read_body(request, LARGEST_FORM), Posted)
    actor = _actor(request, posted.by)
    for_ms = _duration_ms(posted.duration, desk.config().acknowledgement_timeout_ms)
    try:
        group = desk.responding.group(tenant_of(request), posted.group_key)
    except NothingFires as why:
        raise ApiFailure(ErrorType.NOT_FOUND, str(why)) from None
    answer = await desk.responding.acknowledge(
        group, actor, "api", for_ms, comment=posted.comment[:LONGEST_COMMENT], closed=posted.closed
    )
    return success({**_shown(answer.acknowledgement), "given": answer.given})


async def _release(desk: Desk, request: Request) -> Response:
    group_key = request.query_params.get("group_key", "")
    if not group_key:
        raise bad_parameter("group_key", "which group's acknowledgement is taken back?")
    actor = _actor(request, request.query_params.get("by", ""))
    released = await desk.responding.acknowledgements.release(tenant_of(request), group_key, actor)
    if released is None:
        raise ApiFailure(ErrorType.NOT_FOUND, f"nobody has acknowledged the group {group_key}")
    return success(_shown(released))


def _actor(request: Request, by: str) -> str:
    actor = user_of(request) or by.strip()
    if not actor:
        raise bad_parameter("by", "who does it? A name would be right, such as alice")
    return actor[:LONGEST_NAME]


def _duration_ms(text: str, default_ms: int) -> int:
    try:
        return parse_duration_ms(text) if text else default_ms
    except DurationFailure as why:
        raise bad_parameter("duration", why) from None


def _shown(one: Acknowledgement) -> dict[str, Any]:
    return {
        "group_key": one.group_key,
        "alerts": sorted(one.alerts),
        "by": one.actor,
        "via": one.via,
        "comment": one.comment,
        "closed": one.closed,
        "at": time_text(one.at),
        "until": None if one.until is None else time_text(one.until),
    }
