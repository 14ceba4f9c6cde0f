"""Regular expressions (RE2, as Go has them) for the functions of templates."""

from __future__ import annotations

import re
from typing import Any

import re2

from watchkeeper.template.failure import FunctionFailure

_REFERENCE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")


def _expression(pattern: str) -> Any:
    try:
        return re2.compile(pattern)
    except re2.error as why:
        raise FunctionFailure(f"error parsing regexp: {why}") from None


def re_replace_all(pattern: str, replacement: str, text: str) -> str:
    """Go's `ReplaceAllString`: `$1`, `${1}`, `${name}` in the replacement stand for groups, `$$` for a dollar."""
    out, at = list[str](), 0
    for match in _expression(pattern).finditer(text):
        if match.end() == at and match.start() > 0 and match.start() == match.end():
            continue  # nothing at the end of the match before it
        filled = _REFERENCE.sub(lambda reference, of=match: _group(of, reference), replacement)
        out += (text[at : match.start()], filled)
        at = match.end()
    return "".join(out) + text[at:]


def _group(match: Any, reference: re.Match[str]) -> str:
    name = reference.group(1) or reference.group(2)
    if name is None:
        return "$"
    try:
        return match.group(int(name) if name.isdigit() else name) or ""
    except (IndexError, KeyError):
        return ""


def matches(pattern: str, text: str) -> bool:
    """Say whether the expression is found in `text`. Raises FunctionFailure where it is none."""
    return _expression(pattern).search(text) is not None
