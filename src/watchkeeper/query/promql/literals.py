"""How PromQL writes strings, numbers and durations: Go's literals, read and printed as Go does."""

from __future__ import annotations

import math
import re

from watchkeeper.base.duration import DurationFailure, parse_duration_ms

_SIMPLE_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"',
}  # fmt: skip
_ESCAPED = {plain: f"\\{letter}" for letter, plain in _SIMPLE_ESCAPES.items() if letter not in "'\""}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_INTEGER = re.compile(r"0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0(?:_?[0-7])*|[1-9](?:_?[0-9])*", re.ASCII)
_DECIMAL = re.compile(
    r"(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
)
_UNIT = re.compile(r"[0-9]+([^0-9]+)", re.ASCII)
_UNITS = frozenset({"ms", "s", "m", "h", "d", "w", "y"})
_LARGEST_INT = (1 << 63) - 1
_MOST_DIGITS = 19
"""Of a decimal number up to the largest integer."""


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


def parse_number(text: str) -> float | None:
    """The number that `text` stands for, None where it is none (`0x1f`, `017`, `1_000`, `1e3`, `inf` are some)."""
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(text) and (digits[0] == "0" or len(digits) <= _MOST_DIGITS):
        octal = len(digits) > 1 and digits[0] == "0" and digits[1] not in "xX"
        whole = int(digits, 8 if octal else 0)
        if whole <= _LARGEST_INT:
            return float(whole)
    if _DECIMAL.fullmatch(text):
        value = float(digits)
        return None if math.isinf(value) else value
    return {"inf": math.inf, "nan": math.nan}.get(text.lower())


def number_problem(text: str) -> str:
    """Why `text` is no number, in Go's words."""
    known = _INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text)
    return f"strconv.ParseFloat: parsing {quote(text)}: {'value out of range' if known else 'invalid syntax'}"


def format_plain(value: float) -> str:
    """A number as Go's FormatFloat('f', -1) prints it: the shortest digits, never an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return sign + "0"
    digits, exponent = _shortest(value)
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    if len(digits) <= exponent + 1:
        return sign + digits + "0" * (exponent + 1 - len(digits))
    return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def _shortest(value: float) -> tuple[str, int]:
    """The shortest digits that give `value` back (no leading or trailing zero), and the first one's power of ten."""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = (len(whole) - 1 if whole != "0" else len(digits) - len(fraction) - 1) + int(power or 0)
    return digits.rstrip("0"), exponent


def parse_duration_s(text: str) -> float:
    """The seconds of a duration such as `1h30m`. Raises DurationFailure with Prometheus' words."""
    for unit in _UNIT.findall(text):
        if unit not in _UNITS:
            raise DurationFailure(f"unknown unit {quote(unit)} in duration {quote(text)}")
    try:
        return parse_duration_ms(text) / 1000
    except DurationFailure as failure:
        if "out of range" in str(failure):
            raise DurationFailure("duration out of range") from None
        raise DurationFailure(f"not a valid duration string: {quote(text)}") from None
