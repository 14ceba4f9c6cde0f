"""Texts as JSON, whatever bytes somebody smuggled into them."""

from __future__ import annotations

import msgspec


def printable(text: str) -> str:
    """The text with U+FFFD for each byte that is no UTF-8; PromQL's `"\\xff"` can put such into labels and messages."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def json_text(text: str) -> bytes:
    """The text as a JSON string."""
    try:
        return msgspec.json.encode(text)
    except UnicodeEncodeError:
        return msgspec.json.encode(printable(text))
