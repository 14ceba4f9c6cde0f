"""Texts cut to what the other side takes, as Alertmanager cuts them."""

from __future__ import annotations

_MARK = "…"


def in_characters(text: str, most: int) -> str:
    """No more than `most` code points; a cut is marked by an ellipsis, where there is room for more than that."""
    if len(text) <= most:
        return text
    return text[:most] if most <= 3 else text[: most - 1] + _MARK


def in_bytes(text: str, most: int) -> str:
    """No more than `most` bytes of UTF-8; a cut is marked by an ellipsis, and no character is halved."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    if most <= len(_MARK.encode()):
        return _MARK if most == len(_MARK.encode()) else encoded[:most].decode(errors="ignore")
    return encoded[: most - len(_MARK.encode())].decode(errors="ignore") + _MARK


def given(**values: object) -> dict[str, object]:
    """The values that are not empty."""
    return {name: value for name, value in values.items() if value not in ("", None, [], {}, ())}
