"""Answers in Alertmanager's forms, and the failures it can carry."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.base.failure import Failure

_NOT_KEPT = {"Cache-Control": "no-store"}
"""No proxy or browser may show later what stood once."""


class Refused(Failure):
    """A request that a handler refuses: the text is the whole body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Malformed(Failure):
    """A request that is refused before a handler sees it; `code` says what is wrong, in go-openapi's numbers."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def accepts_json(request: Request) -> bool:
    """Say whether whoever asks takes JSON, in so far as they say what they take."""
    accepted = request.headers.get("accept")
    if accepted is None:
        return True
    ranges = (one.partition(";")[0].strip().lower() for one in accepted.split(","))
    return any(one in {"application/json", "application/*", "*/*"} for one in ranges)


def required(what: str) -> Malformed:
    """Something is missing in the body."""
    return Malformed(422, 602, f"{what} in body is required")


def answer(value: Any) -> Response:
    """A 200 with JSON."""
    return Response(msgspec.json.encode(value), headers=_NOT_KEPT, media_type="application/json")


def done() -> Response:
    """A 200 without anything."""
    return Response(status_code=200, headers=_NOT_KEPT)


def failed(failure: Refused | Malformed) -> Response:
    """What the failure says."""
    body: Any = str(failure)
    if isinstance(failure, Malformed):
        body = {"code": failure.code, "message": str(failure)}
    return Response(msgspec.json.encode(body), failure.status, _NOT_KEPT, media_type="application/json")
