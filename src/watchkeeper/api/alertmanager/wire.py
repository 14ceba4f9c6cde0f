"""JSON bodies as they come in. Fields are optional here, so that what is missing can be named."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import NoReturn, TypeAlias, TypeVar

import msgspec
from starlette.requests import Request

from watchkeeper.api.alertmanager.answer import Malformed, required
from watchkeeper.api.body import read_body

LARGEST_BODY = 128 << 20
T = TypeVar("T")
Texts: TypeAlias = dict[str, str | None]
"""A value that is null is an empty text to Go."""


def texts(posted: Texts | None) -> dict[str, str]:
    """The pairs."""
    return {name: value or "" for name, value in (posted or {}).items()}


class PostedAlert(msgspec.Struct):
    """One alert."""

    labels: Texts | None = None
    annotations: Texts | None = None
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

    id: str | None = None
    comment: str | None = None
    createdBy: str | None = None
    endsAt: str | None = None
    matchers: list[PostedMatcher] | None = None
    startsAt: str | None = None
    annotations: Texts | None = None


async def read_json(request: Request, kind: type[T], name: str) -> T:
    """The body as `kind`; `name` is what messages call it. Raises Malformed."""
    header = request.headers.get("content-type", "application/json")
    media = header.split(";")[0].strip().lower() or "application/octet-stream"
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
        if (value := _as_go_reads(body)) is not None:
            with suppress(msgspec.ValidationError):
                return msgspec.convert(value, kind)
        why = str(error) if _is_whole(body) else "unexpected EOF"
        raise Malformed(400, 400, f'parsing {name} body from "" failed, because {why}') from None


def _as_go_reads(body: bytes) -> object:
    """The first JSON value, whatever follows it, with U+FFFD for what is no Unicode; None where there is none.

    Senders whose texts are not UTF-8 must not lose their alerts by it.
    """
    try:
        value, _ = _DECODER.raw_decode(body.decode(errors="replace").lstrip(_SPACE))
    except ValueError:
        return None
    whole = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.loads(whole)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)
_SPACE = " \t\r\n"


def _is_whole(body: bytes) -> bool:
    """Say whether a body that cannot be decoded is JSON to its end."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return "truncated" not in str(error)
    return True
