"""The older notation: names of ASCII letters, digits and underscores; quotes around a value may be left away."""

from __future__ import annotations

import re

from watchkeeper.alerts.failure import MatcherFailure
from watchkeeper.alerts.matchers.making import made
from watchkeeper.model.matcher import Matcher

_MATCHER = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*", re.ASCII | re.DOTALL)


def read_all(text: str) -> list[Matcher]:
    """The matchers in `text`, with or without braces. Raises MatcherFailure."""
    return [read_one(part) for part in _parts(text.removeprefix("{").removesuffix("}"))]


def read_one(text: str) -> Matcher:
    """The matcher that `text` is. Raises MatcherFailure."""
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise MatcherFailure(f"bad matcher format: {text}")
    name, op, value = match.groups()
    return made(name, op, _unescaped(value))


def _parts(text: str) -> list[str]:
    """What stands between commas outside quotes; nothing after the last comma is no part."""
    parts: list[str] = []
    start, within, escaped = 0, False, False
    for i, char in enumerate(text):
        if char == "," and not within:
            parts.append(text[start:i])
            start = i + 1
        elif char == '"':
            within, escaped = within == escaped, False
        else:
            escaped = char == "\\" and not escaped
    last = text[start:]
    return [*parts, last.strip()] if last.strip() else parts


def _unescaped(value: str) -> str:
    """The value without its quotes; an escape that means nothing stays as it is written."""
    quoted = value.startswith('"')
    body, out, i = value[1:] if quoted else value, "", 0
    closed = not quoted
    while i < len(body):
        char, following = body[i], body[i + 1 : i + 2]
        if char == '"':
            if closed or following:
                raise MatcherFailure(f"matcher value contains unescaped double quote: {value}")
            closed = True
        elif char == "\\" and following:
            out += {"n": "\n", '"': '"', "\\": "\\"}.get(following, char + following)
            i += 1
        else:
            out += char
        i += 1
    if not closed:
        raise MatcherFailure(f"matcher value contains unescaped double quote: {value}")
    return out
