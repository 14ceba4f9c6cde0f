"""Numbers as Go prints them, the shortest digits that read back as the same float."""

from __future__ import annotations

import math
from decimal import Decimal


def general(value: float) -> str:
    """The form of `%g`: an exponent below 0.0001 and from 1e+06 on."""
    if 1e-4 <= abs(value) < 1e6:
        return repr(float(value)).removesuffix(".0")
    if not math.isfinite(value):
        return _special(value)
    sign, digits, exponent = _parts(value)
    if exponent < -4 or exponent >= 6:
        return sign + _scientific(digits, exponent)
    return sign + _positional(digits, exponent)


def sample(value: float) -> str:
    """The form of sample values in the HTTP API: an exponent only below 1e-6 and from 1e21 on."""
    if 1e-4 <= abs(value) < 1e16:
        return repr(float(value)).removesuffix(".0")
    if not math.isfinite(value):
        return _special(value)
    sign, digits, exponent = _parts(value)
    if value != 0 and (abs(value) < 1e-6 or abs(value) >= 1e21):
        return sign + _scientific(digits, exponent)
    return sign + _positional(digits, exponent)


def _special(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _parts(value: float) -> tuple[str, str, int]:
    """Sign, significant digits and the exponent of the first of them."""
    if value == 0:
        return "-" if math.copysign(1.0, value) < 0 else "", "0", 0
    number = Decimal(repr(float(value)))
    sign, raw, scale = number.as_tuple()
    text = "".join(map(str, raw))
    digits = text.rstrip("0")
    return "-" if sign else "", digits, int(scale) + len(text) - 1


def _scientific(digits: str, exponent: int) -> str:
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _positional(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    if len(digits) <= exponent + 1:
        return digits + "0" * (exponent + 1 - len(digits))
    return digits[: exponent + 1] + "." + digits[exponent + 1 :]
