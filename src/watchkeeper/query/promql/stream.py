"""The parser's place in the tokens, and how it complains about the token that stands there."""

from __future__ import annotations

from typing import NoReturn

from watchkeeper.base.duration import DurationFailure
from watchkeeper.query.promql.ast import NumberLiteral
from watchkeeper.query.promql.lexer import DURATION, ERROR, NUMBER, Token, tokens
from watchkeeper.query.promql.numerals import number_problem, parse_duration_s, parse_number
from watchkeeper.query.promql.parse_failure import ParseFailure


class Unexpected(Exception):
    """A token that no rule allows here; the nearest rule around that has words for it turns it into a failure."""

    def __init__(self, token: Token) -> None:
        super().__init__(token)
        self.token = token


class TokenStream:
    """Tokens with a current position; `kind` is the current token's, `last_end` where the taken one ended."""

    __slots__ = ("_at", "_tokens", "kind", "last_end", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokens(text)
        self._at = 0
        self.kind = self._tokens[0].kind
        self.last_end = 0

    def at(self, kind: str) -> bool:
        """Say whether the current token is of that kind."""
        return self.kind == kind

    @property
    def following(self) -> str:
        """The kind of the token after the current one."""
        return self._tokens[self._at + 1].kind if self._at + 1 < len(self._tokens) else ERROR

    def peek(self) -> Token:
        """The current token."""
        return self._tokens[self._at]

    def take(self) -> Token:
        """The current token, which is left behind; never called on the last one."""
        token = self._tokens[self._at]
        self._at += 1
        self.kind = self._tokens[self._at].kind
        self.last_end = token.end
        return token

    def expect(self, kind: str) -> Token:
        """The current token, which must be of that kind; the last one is not left behind. Raises Unexpected."""
        token = self._tokens[self._at]
        if token.kind != kind:
            raise Unexpected(token)
        return self.take() if self._at + 1 < len(self._tokens) else token

    def number(self) -> NumberLiteral:
        """A number or a duration. Raises Unexpected."""
        token = self.peek()
        if token.kind not in (NUMBER, DURATION):
            raise Unexpected(token)
        self.take()
        if token.kind == DURATION:
            try:
                return NumberLiteral(parse_duration_s(token.text), token.start, token.end, is_duration=True)
            except DurationFailure as failure:
                self.fail(str(failure), token.start, token.end)
        value = parse_number(token.text)
        if value is None:
            self.fail(f"error parsing number: {number_problem(token.text)}", token.start, token.end)
        return NumberLiteral(value, token.start, token.end)

    def fail(self, message: str, start: int, end: int) -> NoReturn:
        """Raise the failure with its place."""
        raise ParseFailure(self.text, message, start, end)

    def fail_unexpected(self, token: Token, context: str = "", expected: str = "") -> NoReturn:
        """Raise the failure about a token in Prometheus' words; an error of the lexer speaks for itself."""
        if token.kind == ERROR:
            self.fail(token.text, token.start, token.end)
        where = f" in {context}" if context else ""
        wanted = f", expected {expected}" if expected else ""
        self.fail(f"unexpected {token.description}{where}{wanted}", token.start, token.end)
