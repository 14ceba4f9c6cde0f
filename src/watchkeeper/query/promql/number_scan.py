"""The rare forms of PromQL's numbers and durations, read character by character as Prometheus' lexer does."""

from __future__ import annotations

from typing import Literal

_DECIMAL = frozenset("0123456789")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_WORD = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_DOT_ERRORS = frozenset("_.")
_EXPONENT_ERRORS = frozenset("._eE")


def scan_number_or_duration(text: str, start: int) -> tuple[Literal["number", "duration"] | None, int]:
    """What kind of literal starts there, and where it ends; None where neither does, with the end of what was read."""
    valid, pos = scan_number(text, start)
    if valid:
        return "number", pos
    valid, pos = _scan_duration(text, pos)
    return ("duration" if valid else None), pos


def scan_number(text: str, start: int, *, in_series: bool = False) -> tuple[bool, int]:
    """Whether a number starts there, and where the reading stopped; in a series description `x` repeats a number."""
    pos, digits = start, _DECIMAL
    if not in_series and text[pos : pos + 1] == "0" and text[pos + 1 : pos + 2] in ("x", "X"):
        pos += 2
        pos += text[pos : pos + 1] == "_"
        digits = _HEXADECIMAL
    elif not in_series and text[pos : pos + 1] == "0":
        pos += 1
    pos += text[pos : pos + 1] == "."
    pos += text[pos : pos + 1] in digits
    dotted = exponent = False
    while (char := text[pos : pos + 1]) and (char in digits or char in "._eE"):
        following = text[pos + 1 : pos + 2]
        if char == ".":
            if dotted:
                return False, pos + 1
            dotted = True
            if following and following in _DOT_ERRORS:
                return False, pos + 2
            if digits is _HEXADECIMAL:
                return False, pos + 1
            pos += 1
        elif char in "eE" and char not in digits:
            if exponent:
                return False, pos + 1
            exponent = True
            pos += 1
            pos += text[pos : pos + 1] in ("+", "-")
            if text[pos : pos + 1] == "" or text[pos] in _EXPONENT_ERRORS:
                return False, min(pos + 1, len(text))
        elif char == "_":
            if following == "" or following in _EXPONENT_ERRORS:
                return False, min(pos + 2, len(text))
            pos += 1
        else:
            while text[pos : pos + 1] and text[pos] in digits:
                pos += 1
    if pos == start:
        return False, pos
    after = text[pos : pos + 1]
    return (in_series and after == "x") or after == "" or after not in _WORD, pos


def _scan_duration(text: str, pos: int) -> tuple[bool, int]:
    """Whether a unit and further numbers with units follow; wrong units are found when the duration is read."""
    units = "smhdwy"
    while True:
        if text[pos : pos + 1] == "" or text[pos] not in units:
            return False, pos
        pos += 1
        pos += text[pos : pos + 1] == "s"
        if text[pos : pos + 1] == "" or text[pos] not in _DECIMAL:
            break
        while text[pos : pos + 1] and text[pos] in _DECIMAL:
            pos += 1
        units = "smhdw"
    after = text[pos : pos + 1]
    if after and after in _WORD:
        return False, pos + 1
    return True, pos
