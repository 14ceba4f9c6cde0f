"""Go's literals: strings, characters and numbers → their values."""

from __future__ import annotations

import re

_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_ESCAPE = re.compile(
    rb"""\\(?:(?P<plain>[abfnrtv\\'"])|(?P<octal>[0-7]{3})|x(?P<byte>[0-9a-fA-F]{2})
    |u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<wrong>.?))""",
    re.DOTALL | re.VERBOSE,
)
_PLAIN = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"\\": b"\\"}
_BASES = {"0x": 16, "0X": 16, "0b": 2, "0B": 2, "0o": 8, "0O": 8}
_SEPARATOR = re.compile(r"(?<=[0-9])_(?=[0-9])")
_HEX_SEPARATOR = re.compile(r"(?<=[0-9a-fA-FxX])_(?=[0-9a-fA-F])")
_PREFIX_SEPARATOR = re.compile(r"(?<=[0-9bBoO])_(?=[0-9])")
_BOTH = re.compile(r"(?P<real>.+(?<![eEpP]))(?P<imaginary>[+-].+)i")
_DECIMAL = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL = re.compile(r"0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+")


def unquote(quoted: str) -> str:
    """The value of a string in double quotes; bytes that are no UTF-8 become U+FFFD. Raises ValueError."""
    return _unescaped(quoted).decode(errors="replace")


def character(quoted: str) -> int:
    """The code of the one character in single quotes. Raises ValueError."""
    try:
        code = re.fullmatch(rb"'\\(?:x(..)|([0-7]{3}))'", quoted.encode())
        if code is not None:
            return int(code[1], 16) if code[1] else _byte(code[2])[0]
        return ord(_unescaped(quoted).decode())
    except (TypeError, ValueError):
        raise ValueError(f"malformed character constant: {quoted}") from None


def _byte(octal: bytes) -> bytes:
    return bytes([int(octal, 8)])


def _unescaped(quoted: str) -> bytes:
    other = {'"': b"'", "'": b'"'}[quoted[0]]

    def one(match: re.Match[bytes]) -> bytes:
        if match["plain"] is not None and match["plain"] != other:
            return _PLAIN.get(match["plain"], match["plain"])
        if match["octal"] is not None:
            return _byte(match["octal"])
        if match["byte"] is not None:
            return bytes([int(match["byte"], 16)])
        code = match["short"] or match["long"]
        if code is None:
            raise ValueError(quoted)
        return chr(int(code, 16)).encode()

    try:
        return _ESCAPE.sub(one, quoted[1:-1].encode())
    except (OverflowError, ValueError):
        raise ValueError(quoted) from None


def number(text: str) -> int | float | complex:
    """The value of a number: an imaginary one ends in `i`, and may follow a real one. Raises ValueError."""
    if text.endswith("i"):
        return _complex(text)
    sign, digits = _split(text)
    whole = _whole(digits)
    if whole is None or not _LEAST <= sign * whole <= _MOST:
        value = _signed(text)
        if not re.search("[.eEpP]", text):
            raise ValueError(f'integer overflow: "{text}"')
        return value
    # A hexadecimal number is whole even where it has an `e`; one with a sign is not looked at as closely.
    if re.search("[.eEpP]", text) and text[:2] not in ("0x", "0X"):
        return float(sign * whole)
    return sign * whole


def _complex(text: str) -> complex:
    both = _BOTH.fullmatch(text)
    real, imaginary = (both["real"], both["imaginary"]) if both else ("0", text[:-1])
    return complex(_signed(real), _signed(imaginary))


def _signed(text: str) -> float:
    sign, digits = _split(text)
    return sign * _float(text, digits)


def _split(text: str) -> tuple[int, str]:
    """The sign, and the digits less underscores that separate them."""
    digits = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    base = _BASES.get(digits[:2])
    separator = _SEPARATOR if base is None else _HEX_SEPARATOR if base == 16 else _PREFIX_SEPARATOR
    return (-1 if text.startswith("-") else 1), separator.sub("", digits)


def _whole(digits: str) -> int | None:
    base, behind = _BASES.get(digits[:2]), digits[2:]
    if base is None and len(digits) > 1 and digits.startswith("0"):
        base, behind = 8, digits[1:]
    elif base is None:
        base, behind = 10, digits
    if not re.fullmatch("[0-9a-fA-F]+", behind):
        return None
    try:
        return int(behind, base)
    except ValueError:
        return None


def _float(text: str, digits: str) -> float:
    value = float("inf")
    try:
        if _HEXADECIMAL.fullmatch(digits):
            value = float.fromhex(digits)
        elif _DECIMAL.fullmatch(digits):
            value = float(digits)
    except OverflowError:
        pass
    if value == float("inf"):
        raise ValueError(f'illegal number syntax: "{text}"')
    return value
