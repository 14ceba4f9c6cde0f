"""What the other side says, without the secrets that it was told: many a server's «not found» repeats the address."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias, cast
from urllib.parse import quote, quote_plus

from yarl import URL

from watchkeeper.base.configuration import Secret, Section
from watchkeeper.base.http.config import BasicAuth
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.retrying import Attempt

HIDDEN = "<secret>"
_SHORTEST = 4
"""Shorter texts are no secrets, and stand in every other word."""
_SHORTEST_SEGMENT = 8
"""What is shorter in an address says what is asked for (`hooks`, `api`, `v2`), not who asks."""

Conceal: TypeAlias = Callable[[str], str]


class Concealment:
    """Hides the secrets of one integration's configuration in texts, files with secrets read at that time."""

    def __init__(self, config: Section) -> None:
        self._config = config

    def __call__(self, text: str) -> str:
        """The text with `<secret>` where a secret stood, in any form in which it travels."""
        forms = {form for secret in _secrets(self._config) for form in _forms(secret)}
        return _hidden(text, forms)


def without_address(text: str, url: str) -> str:
    """The text without path, parameters and credentials of an address."""
    return _hidden(text, set(_parts(url, _SHORTEST_SEGMENT)))


def concealed(attempt: Attempt, conceal: Conceal) -> Attempt:
    """The same attempt, whose failure's text holds no secret."""

    async def made() -> str:
        try:
            return await attempt()
        except NotifyFailure as failure:
            raise NotifyFailure(
                conceal(str(failure)),
                retryable=failure.retryable,
                retry_after_s=failure.retry_after_s,
                reason=failure.reason,
            ) from None

    return made


def _hidden(text: str, forms: set[str]) -> str:
    for form in sorted(forms, key=len, reverse=True):
        if len(form) >= _SHORTEST:
            text = text.replace(form, HIDDEN)
    return text


def _secrets(value: object, key: str = "") -> Iterator[str]:
    """Every secret in a section, and what the files of secrets hold."""
    match value:
        case Secret():
            yield value.reveal()
        case BasicAuth():
            yield from _login(value)
        case Section():
            for name in type(value).model_fields:
                yield from _secrets(getattr(value, name), name)
        case Mapping():
            for item in cast("Mapping[object, object]", value).values():
                yield from _secrets(item, key)
        case list() | tuple():
            for item in cast("tuple[object, ...]", value):
                yield from _secrets(item, key)
        case Path() if key not in ("ca_file", "cert_file"):
            yield _read(value)
        case _:
            return


def _login(auth: BasicAuth) -> Iterator[str]:
    """A password, and the header that it travels in."""
    name = _read(auth.username_file) if auth.username_file else auth.username
    password = _read(auth.password_file) if auth.password_file else auth.password.reveal()
    yield password
    yield base64.b64encode(f"{name}:{password}".encode()).decode()


def _read(file: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="utf-8").strip()
    return ""


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1])
    yield base64.b64encode(secret.encode()).decode()
    if "://" in secret:
        yield from _parts(secret, _SHORTEST_SEGMENT)


def _parts(address: str, shortest: int) -> Iterator[str]:
    """What in an address is not for everybody: credentials, the path and its longer pieces, the parameters."""
    try:
        url = URL(address)
    except ValueError:
        return
    for text in (url.raw_path_qs, url.path_qs, url.raw_path, url.path, url.raw_query_string):
        if text.strip("/"):
            yield text
    for segment in (*url.raw_parts, *url.parts):
        if len(segment) >= shortest:
            yield segment
    yield from (value for value in url.query.values() if len(value) >= shortest)
    yield from filter(None, (url.password, url.raw_password))
