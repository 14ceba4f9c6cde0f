"""JSON bodies as they come in. Fields are optional here, so that what is missing can be named."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from starlette.requests import Request

from watchkeeper.api.alertmanager.answer import Malformed, required
from watchkeeper.api.body import read_body

LARGEST_BODY = 128 << 20
T = TypeVar("T")


class PostedAlert(msgspec.Struct):
    """One alert."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    startsAt: str | None = None
    endsAt: str | None = None
    generatorURL: str | None = None


class PostedMatcher(msgspec.Struct):
    """One matcher of a silence."""

    name: str | None = None
    value: str | None = None
    isRegex: bool | None = None
    isEqual: bool | None = None


class PostedSilence(msgspec.Struct):
    """A silence."""

    id: str = ""
    comment: str | None = None
    createdBy: str | None = None
    endsAt: str | None = None
    matchers: list[PostedMatcher] | None = None
    startsAt: str | None = None
    annotations: dict[str, str] | None = None


async def read_json(request: Request, kind: type[T], name: str) -> T:
    """The body as `kind`; `name` is what messages call it. Raises Malformed."""
    media = request.headers.get("content-type", "application/json").split(";")[0].strip()
    if media != "application/json":
        text = f'unsupported media type "{media}", only [application/json] are allowed'
        raise Malformed(415, 415, text)
    body = await read_body(request, LARGEST_BODY)
    if not body.strip():
        raise required(name)
    if body.strip() == b"null":
        return kind()
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = str(error) if _is_whole(body) else "unexpected EOF"
        raise Malformed(400, 400, f'parsing {name} body from "" failed, because {why}') from None


def _is_whole(body: bytes) -> bool:
    """Say whether a body that cannot be decoded is JSON to its end."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return "truncated" not in str(error)
    return True
