"""Numbers as Prometheus' text formats write and read them (Go's strconv without hexadecimals and underscores)."""

from __future__ import annotations

import math
import re

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INFINITY = re.compile(r"[+-]?inf(?:inity)?", re.ASCII | re.IGNORECASE)


def parse_float(text: str) -> float:
    """The float64 nearest to what `text` spells. Raises ValueError, also where it is beyond the largest float64."""
    if _DECIMAL.fullmatch(text):
        value = float(text)
        if math.isinf(value):
            raise ValueError(f'the number "{text}" is out of range: right would be at most 1.7976931348623157e+308')
        return value
    if _INFINITY.fullmatch(text):
        return float(text)
    if text.lower() == "nan":
        return math.nan
    raise ValueError(f'"{text}" is not a number: right would be 1, -0.5, 1.5e+3, NaN or +Inf')


def format_bound(value: float) -> str:
    """A bucket's bound or a quantile as OpenMetrics writes it in a label: `1.0`, `0.25`, `1e+06`, `+Inf`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = go_shortest(value)
    return text if "." in text or "e" in text else text + ".0"


def go_shortest(value: float) -> str:
    """As Go's `FormatFloat(value, 'g', -1, 64)`: an exponent below -4 or from 6 on."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    mantissa, _, exponent = f"{value!r}e".partition("e")
    sign, digits, point = _digits(mantissa, exponent.rstrip("e"))
    ten = point - 1
    if ten < -4 or ten >= 6:
        whole = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{whole}e{'-' if ten < 0 else '+'}{abs(ten):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return sign + digits + "0" * (point - len(digits))
    return f"{sign}{digits[:point]}.{digits[point:]}"


def _digits(mantissa: str, exponent: str) -> tuple[str, str, int]:
    """Sign, significant digits, and how many of them stand before the decimal point."""
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = whole + fraction
    point = len(whole) + int(exponent or 0)
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    return sign, stripped.rstrip("0") or "0", point
