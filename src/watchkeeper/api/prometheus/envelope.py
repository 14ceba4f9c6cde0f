"""The JSON around every answer of Prometheus' API, and the failures it can carry."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import msgspec
from starlette.responses import Response

from watchkeeper.api.prometheus.json_text import printable
from watchkeeper.base.failure import Failure


class ErrorType(Enum):
    """The API's words for what went wrong, each with its HTTP status."""

    BAD_DATA = ("bad_data", 400)
    NOT_FOUND = ("not_found", 404)
    METHOD = ("method_not_allowed", 405)
    NOT_ACCEPTABLE = ("not_acceptable", 406)
    CONFLICT = ("conflict", 409)
    EXECUTION = ("execution", 422)
    CANCELED = ("canceled", 499)
    INTERNAL = ("internal", 500)
    UNAVAILABLE = ("unavailable", 503)
    TIMEOUT = ("timeout", 503)

    @property
    def word(self) -> str:
        """What stands in `errorType`."""
        return self.value[0]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[1]


class ApiFailure(Failure):
    """A request that cannot be answered; `type` decides the status."""

    def __init__(self, type: ErrorType, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.type = type
        self.retry_after_s = retry_after_s


def bad_parameter(name: str, why: object) -> ApiFailure:
    """The failure that says which parameter is wrong, in Prometheus' words."""
    return ApiFailure(ErrorType.BAD_DATA, f'invalid parameter "{name}": {why}')


def success(data: Any, warnings: Sequence[str] = (), infos: Sequence[str] = ()) -> Response:
    """A 200 with `data`, which msgspec can encode."""
    return raw_success(msgspec.json.encode(data), warnings, infos)


def raw_success(data: bytes, warnings: Sequence[str] = (), infos: Sequence[str] = ()) -> Response:
    """A 200 whose `data` is JSON already."""
    tail = b""
    if warnings:
        tail += b',"warnings":' + msgspec.json.encode([printable(text) for text in warnings])
    if infos:
        tail += b',"infos":' + msgspec.json.encode([printable(text) for text in infos])
    body = b'{"status":"success","data":' + data + tail + b"}"
    return Response(body, media_type="application/json")


def no_content() -> Response:
    """A 204."""
    return Response(status_code=204)


def failure(error: ApiFailure) -> Response:
    """The envelope of a failure."""
    body = {"status": "error", "errorType": error.type.word, "error": printable(str(error))}
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else None
    return Response(msgspec.json.encode(body), error.type.status, headers, "application/json")
