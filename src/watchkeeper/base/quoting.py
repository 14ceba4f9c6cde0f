"""How Go writes strings and characters in source text: read and printed as it does."""

from __future__ import annotations

import re

_SIMPLE_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"',
}  # fmt: skip
_ESCAPED = {plain: f"\\{letter}" for letter, plain in _SIMPLE_ESCAPES.items() if letter not in "'\""}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)


def unquote(token: str) -> str:
    """The string that a quoted token stands for; bytes that are no UTF-8 (`"\\xff"`) become lone surrogates.

    The token is well-formed: the lexer has checked its escapes.
    """
    body = token[1:-1]
    if token[0] == "`" or "\\" not in body:
        return body
    out, at, raw = [], 0, False
    for match in _ESCAPE.finditer(body):
        out.append(body[at : match.start()])
        at = match.end()
        byte, short, long, octal, simple = match.groups()
        if simple is not None:
            out.append(_SIMPLE_ESCAPES[simple])
        elif short is not None or long is not None:
            out.append(chr(int(short or long, 16)))
        else:
            code = int(byte, 16) if byte is not None else int(octal, 8)
            raw = raw or code >= 0x80
            out.append(chr(code) if code < 0x80 else chr(0xDC00 + code))
    out.append(body[at:])
    text = "".join(out)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") if raw else text


def quote(text: str) -> str:
    """`text` in double quotes, as Go's strconv.Quote prints it."""
    if text.isprintable() and "\\" not in text and '"' not in text:
        return f'"{text}"'
    return '"' + "".join('\\"' if c == '"' else _escape(c) for c in text) + '"'


def quote_character(char: str) -> str:
    """One character in single quotes, as Go's %q prints a rune; the empty string is the end of the input."""
    if char == "":
        return "'�'"
    return "'" + ("\\'" if char == "'" else _escape(char)) + "'"


def _escape(char: str) -> str:
    if char in _ESCAPED:
        return _ESCAPED[char]
    code = ord(char)
    if char.isprintable():
        return char
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
