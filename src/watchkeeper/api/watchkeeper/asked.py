"""What is asked of our own API: bodies of JSON, instants, and refusals."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from starlette.requests import Request

from watchkeeper.api.body import read_body
from watchkeeper.api.json_body import decode_json
from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter
from watchkeeper.oncall import OnCallFailure

T = TypeVar("T")

_LARGEST = 1 << 16
_LATEST_S = 32_503_680_000
"""The year 3000, which schedules do not reach."""


async def body_of(request: Request, kind: type[T]) -> T:
    """The body, decoded; an empty one is an empty object. Raises ApiFailure."""
    return decode_json(await read_body(request, _LARGEST), kind)


def instant_asked(request: Request, name: str, default: int) -> int:
    """The instant (ms) that a parameter names, by seconds since the epoch or ISO 8601 with an offset."""
    text = request.query_params.get(name, "")
    return read_instant(name, text) if text else default


def read_instant(name: str, text: str) -> int:
    """An instant (ms) that somebody wrote as `name`. Raises ApiFailure."""
    try:
        seconds = float(text)
    except ValueError:
        return _moment(name, text)
    return _within(name, text, seconds)


def refused(failure: OnCallFailure) -> ApiFailure:
    """The room's refusal as the API's."""
    return ApiFailure(ErrorType.NOT_FOUND if failure.missing else ErrorType.BAD_DATA, str(failure))


def _moment(name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        right = "seconds since the epoch, or 2026-01-31T18:00:00Z"
        raise bad_parameter(name, f'"{text}" is no instant: right would be {right}')
    return _within(name, text, moment.timestamp())


def _within(name: str, text: str, seconds: float) -> int:
    if not 0 <= seconds < _LATEST_S:
        raise bad_parameter(name, f'"{text}" is too far from now: right would be a year from 1970 to 2999')
    return round(seconds * 1000)
