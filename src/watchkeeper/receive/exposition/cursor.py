"""A place in an exposition's bytes, and the tokens both text formats share."""

from __future__ import annotations

import re

from watchkeeper.receive.exposition.failure import ExpositionFailure
from watchkeeper.receive.exposition.number import parse_float

METRIC = re.compile(rb"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(rb"[a-zA-Z_][a-zA-Z0-9_]*")
_ESCAPE = re.compile(r'\\([\\"n])')
_ESCAPED = {"\\": "\\", '"': '"', "n": "\n"}
_SHOWN = 80


class Cursor:
    """A place `at` in `body`, moved by what is read there. `size` is the body's length."""

    __slots__ = ("at", "body", "line_start", "size")

    def __init__(self, body: bytes, at: int) -> None:
        self.body = body
        self.at = at
        self.line_start = at
        self.size = len(body)

    def peek(self) -> bytes:
        """The next byte, empty at the body's end."""
        return self.body[self.at : self.at + 1]

    def take(self, pattern: re.Pattern[bytes]) -> bytes | None:
        """What `pattern` matches here, and move behind it; None where it does not match."""
        match = pattern.match(self.body, self.at)
        if match is None:
            return None
        self.at = match.end()
        return match[0]

    def fail(self, what: str, right: str) -> ExpositionFailure:
        """The failure that `what` is wrong here."""
        rest = self.body[self.line_start : self.line_start + _SHOWN].split(b"\n", 1)[0]
        shown = rest.decode(errors="backslashreplace")
        line = self.body.count(b"\n", 0, self.at) + 1
        return ExpositionFailure(f'{what} in "{shown}": right would be {right}', line=line)

    def text(self, raw: bytes, what: str) -> str:
        """`raw` as a string. Raises ExpositionFailure where it is not UTF-8."""
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise self.fail(f"{what} is not valid UTF-8", "UTF-8") from None

    def quoted(self, raw: bytes, what: str) -> str:
        """The string between the quotes of `raw`, unescaped."""
        return unescape(self.text(raw[1:-1], what))

    def number(self, raw: bytes, what: str) -> float:
        """The number that `raw` spells. Raises ExpositionFailure where it spells none."""
        try:
            return parse_float(self.text(raw, what))
        except ValueError as error:
            message, _, right = str(error).partition(": right would be ")
            raise self.fail(f"{what}: {message}", right) from None


def unescape(text: str) -> str:
    """`text` with `\\\\`, `\\"` and `\\n` replaced by what they stand for; other backslashes stay."""
    return _ESCAPE.sub(lambda m: _ESCAPED[m[1]], text) if "\\" in text else text


def unescape_help(text: str) -> str:
    """`text` with `\\\\` and `\\n` replaced: help texts of the text format leave quotes alone."""
    if "\\" not in text:
        return text
    return re.sub(r"\\([\\n])", lambda m: _ESCAPED[m[1]], text)
