"""JSON bodies of our own API, and who sends them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.api.body import read_body
from watchkeeper.api.caller import user_of
from watchkeeper.api.json_body import decode_json
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType
from watchkeeper.oncall.incident import IncidentConflict, InvalidIncident, UnknownIncident

LARGEST = 1 << 20
LONGEST_NAME = 200
T = TypeVar("T")
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Posted(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What every body may say: who does it. A login says it better."""

    by: str = ""


async def read_json(request: Request, kind: type[T]) -> T:
    """The body. Raises ApiFailure."""
    return decode_json(await read_body(request, LARGEST), kind)


def actor(request: Request, posted: Posted) -> str:
    """Who does it: the login, or whoever the body names. Raises ApiFailure where nobody is named."""
    by = user_of(request) or posted.by
    return required("by", by, "the name of whoever does this")


def required(name: str, text: str, what: str) -> str:
    """A name in one line. Raises ApiFailure where it is empty or too long."""
    line = " ".join(text.split())
    if not line or len(line) > LONGEST_NAME:
        why = "is missing" if not line else f"is longer than {LONGEST_NAME} characters"
        raise ApiFailure(ErrorType.BAD_DATA, f'"{name}" {why}: right would be {what}')
    return line


def answering(handler: Handler) -> Handler:
    """The handler, with the room's refusals as answers."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except UnknownIncident as failure:
            raise ApiFailure(ErrorType.NOT_FOUND, str(failure)) from None
        except InvalidIncident as failure:
            raise ApiFailure(ErrorType.BAD_DATA, str(failure)) from None
        except IncidentConflict as failure:
            raise ApiFailure(ErrorType.CONFLICT, str(failure)) from None

    return handle
