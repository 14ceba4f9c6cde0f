"""The newer notation: names of any characters, in quotes where they have reserved ones; values as Go quotes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watchkeeper.alerts.failure import MatcherFailure
from watchkeeper.alerts.matchers.making import made
from watchkeeper.base.quoting import unquote
from watchkeeper.model.matcher import Matcher

_TOKEN = re.compile(
    r"""\s*(?:(?P<brace>[{}])|(?P<comma>,)|(?P<op>=~|!~|!=|=)"""
    r"""|(?P<quoted>"(?:[^"\\\n]|\\.)*")|(?P<bare>[^\s{}!=~,\\"'`]+))""",
    re.DOTALL,
)
_Token = tuple[str, str]
_END: _Token = ("end", "")


def read_all(text: str) -> list[Matcher]:
    """The matchers in `text`, with or without braces; a comma may end them. Raises MatcherFailure."""
    tokens = list(_tokens(text))
    if tokens and tokens[0] == ("brace", "{"):
        if tokens[-1] != ("brace", "}"):
            raise MatcherFailure(f"bad matcher format: {text}: the brace is not closed")
        tokens = tokens[1:-1]
    found: list[Matcher] = []
    while tokens:
        found.append(_matcher(tokens[:3], text))
        if len(tokens) > 3 and tokens[3][0] != "comma":
            raise MatcherFailure(f"bad matcher format: {text}: a comma should follow {tokens[2][1]}")
        tokens = tokens[4:]
    return found


def _matcher(tokens: list[_Token], text: str) -> Matcher:
    name, op, value = (*tokens, _END, _END)[:3]
    if name[0] not in ("quoted", "bare") or op[0] != "op" or value[0] not in ("quoted", "bare"):
        raise MatcherFailure(f'bad matcher format: {text}: name="value" would be right')
    return made(_plain(name, text), op[1], _plain(value, text))


def _plain(token: _Token, text: str) -> str:
    if token[0] == "bare":
        return token[1]
    try:
        plain = unquote(token[1])
        plain.encode()
        return plain
    except (KeyError, ValueError):
        raise MatcherFailure(f"bad matcher format: {text}: {token[1]} has an escape that means nothing") from None


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise MatcherFailure(f"bad matcher format: {text}: {text[at:].strip()[0]!r} is not expected there")
        at = match.end()
        assert match.lastgroup is not None
        yield match.lastgroup, match[match.lastgroup]
