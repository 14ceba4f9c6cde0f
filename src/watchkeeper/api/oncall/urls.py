"""Forms as they come, and the URL that somebody outside has asked."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request


def form_pairs(body: bytes) -> list[tuple[str, str]]:
    """A form's names and values, in its order."""
    return parse_qsl(body.decode(errors="replace"), keep_blank_values=True)


def outside_url(external_url: str, path: str, request: Request) -> str:
    """The URL below `external_url` as it was asked from outside, with its query."""
    query = request.url.query
    return f"{external_url}{path}{'?' + query if query else ''}"
