"""ClickHouse's SQL as tokens, so that what is judged is what the engine reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from watchkeeper.store.sql.failure import SqlRefused


class TokenKind(Enum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted"
    STRING = "string"
    NUMBER = "number"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """One token and where it begins."""

    kind: TokenKind
    text: str
    position: int

    def says(self, *words: str) -> bool:
        """Say whether it is one of these bare words (given in lower case)."""
        return self.kind is TokenKind.WORD and self.text.lower() in words


_SKIPPED = re.compile(r"[ \t\r\n\f\v]+|--[^\n]*|/\*.*?\*/", re.DOTALL)
_TOKENS = re.compile(
    r"""
      (?P<string>'(?:[^'\\]|\\.|'')*')
    | (?P<quoted>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*")
    | (?P<number>(?:0[xX][0-9a-fA-F]+|0[bB][01]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?))
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<symbol>->|::|<=>|<=|>=|<>|!=|==|\|\||[-+*/%<>=(),.;?:\[\]{}])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


def tokens(sql: str) -> Iterator[Token]:
    """The tokens of a statement, without comments. Raises SqlRefused for what none of them can be.

    Only what people need is known: no heredocs, no `#` comments, nothing beyond ASCII outside quotes.
    """
    at = 0
    while at < len(sql):
        skipped = _SKIPPED.match(sql, at)
        if skipped:
            at = skipped.end()
            continue
        found = _TOKENS.match(sql, at)
        if found is None:
            raise SqlRefused(f"character {at + 1}: {sql[at : at + 10]!r} cannot be read", at)
        yield Token(TokenKind(found.lastgroup), found.group(), at)
        at = found.end()
