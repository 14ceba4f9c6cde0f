"""Numbers as Go prints them with an exponent."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite, isnan


def exponent_text(value: float) -> str:
    """The shortest text of a number with an exponent: `1.25e+01`."""
    if not isfinite(value):
        return "NaN" if isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    power = len(text) - 1 + exponent if value else 0
    text = text.rstrip("0") or "0"
    mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
