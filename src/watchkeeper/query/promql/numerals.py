"""How PromQL writes numbers and durations: Go's literals, read and printed as Go does."""

from __future__ import annotations

import math
import re

from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.base.quoting import quote

_INTEGER = re.compile(r"0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0(?:_?[0-7])*|[1-9](?:_?[0-9])*", re.ASCII)
_DECIMAL = re.compile(
    r"(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
)
_UNIT = re.compile(r"[0-9]+([^0-9]+)", re.ASCII)
_UNITS = frozenset({"ms", "s", "m", "h", "d", "w", "y"})
_LARGEST_INT = (1 << 63) - 1
_MOST_DIGITS = 19
"""Of a decimal number up to the largest integer."""


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
