"""The headers that a configuration adds to each request."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from multidict import CIMultiDict

from watchkeeper.base.configuration.secret import Secret
from watchkeeper.base.http.config import BasicAuth, HTTPClientConfig
from watchkeeper.base.http.files import FileText

Source: TypeAlias = Callable[[], str]


def source(text: str | Secret, file: Path | None) -> Source:
    """Where a text comes from: itself, or a file that may change."""
    if file is not None:
        return FileText(file).read
    fixed = text.reveal() if isinstance(text, Secret) else text
    return lambda: fixed


def authorization(config: HTTPClientConfig) -> Source | None:
    """The value of the Authorization header, or None where the configuration asks for none (or for OAuth 2.0)."""
    if config.basic_auth is not None:
        return _basic(config.basic_auth)
    given = config.credentials
    if given is None:
        return None
    kind, credentials = given.type.strip() or "Bearer", source(given.credentials, given.credentials_file)
    return lambda: f"{kind} {credentials()}"


def headers(config: HTTPClientConfig) -> Callable[[], CIMultiDict[str]]:
    """The headers that the configuration names."""
    sources = [
        (name, source(value, None))
        for name, header in config.http_headers.items()
        for value in (*header.values, *header.secrets)
    ]
    sources += [
        (name, FileText(file).read)
        for name, header in config.http_headers.items()
        for file in header.files
        if file is not None
    ]
    return lambda: CIMultiDict((name, value()) for name, value in sources)


def basic(username: str, password: str) -> str:
    """An Authorization header of the type Basic (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _basic(config: BasicAuth) -> Source:
    username = source(config.username, config.username_file)
    password = source(config.password, config.password_file)
    return lambda: basic(username(), password())
