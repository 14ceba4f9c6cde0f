"""Numbers by the verbs of Go's `fmt`; None where a verb is none for such a number."""

from __future__ import annotations

import math
import re

from watchkeeper.template.directive import Shape
from watchkeeper.template.printing import quoted, shortest

_NOBODY = "\ufffd"
"""What stands for a number that is no character."""
_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES = {"b": "0b", "x": "0x", "X": "0X"}
_DIGITS = 6
"""How many `%#g` and the like show where the pattern has no precision."""


def integer(value: int, verb: str, shape: Shape, *, signed: bool = True) -> str | None:
    """A whole number."""
    if verb in "cqU":
        return _character(value, verb, shape)
    if verb not in _BASES:
        return None
    if verb == "v" and shape.has("#v") and not signed:
        verb, shape = "x", shape.changed(add="#")
    if shape.precision == 0 and value == 0:
        return " " * (shape.width or 0)
    sign = "-" if value < 0 else shape.sign()
    digits = format(abs(value), _BASES[verb]).rjust(_least(shape, len(sign)), "0")
    if verb == "O":
        digits = "0o" + digits
    elif shape.has("#"):
        octal = "0" if verb == "o" and not digits.startswith("0") else ""
        digits = _PREFIXES.get(verb, octal) + digits
    return shape.changed(drop="0").padded(sign + digits)


def _least(shape: Shape, sign: int) -> int:
    """How many digits there are at least: a precision takes precedence over zeros up to the width."""
    if shape.precision is not None:
        return shape.precision
    fills = shape.has("0") and not shape.has("-") and shape.width is not None
    return (shape.width or 0) - sign if fills else 0


def _character(value: int, verb: str, shape: Shape) -> str:
    known = 0 <= value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF
    character = chr(value) if known else _NOBODY
    if verb == "c":
        return shape.padded(character)
    if verb == "U":
        shown = f" '{character}'" if shape.has("#") and known and character.isprintable() else ""
        digits = format(value & ((1 << 64) - 1), "X").rjust(max(4, shape.precision or 0), "0")
        return shape.changed(drop="0").padded(f"U+{digits}{shown}")
    inner = quoted(character, ascii_only=shape.has("+"))[1:-1]
    shown = {'\\"': '"', "'": "\\'"}.get(inner, inner)
    return shape.padded(f"'{shown}'")


def complex_number(value: complex, verb: str, shape: Shape) -> str | None:
    """Both parts in parentheses, the second with its sign."""
    real = floating(value.real, verb, shape)
    imaginary = floating(value.imag, verb, shape.changed(add="+"))
    return None if real is None or imaginary is None else f"({real}{imaginary}i)"


def floating(value: float, verb: str, shape: Shape) -> str | None:
    """A number that need not be whole."""
    if verb not in "vbeEfFgGxX":
        return None
    sign = "-" if math.copysign(1, value) < 0 and not math.isnan(value) else shape.sign()
    if not math.isfinite(value):
        text = "NaN" if math.isnan(value) else "Inf"
        return shape.changed(drop="0").padded((sign or ("+" if text == "Inf" else "")) + text)
    text = _digits(abs(value), verb, shape.precision)
    if shape.has("#") and verb != "b":
        text = _pointed(text, verb, shape.precision)
    if shape.has("0") and not shape.has("-"):
        text = text.rjust((shape.width or 0) - len(sign), "0")
    return shape.padded(sign + text)


def _digits(value: float, verb: str, precision: int | None) -> str:
    if verb == "b":
        mantissa, power = _binary(value)
        return f"{mantissa}p{power:+d}"
    if verb in "xX":
        text = _hexadecimal(value, precision)
    elif verb in "vgG":
        text = shortest(value) if precision is None else format(value, f".{precision or 1}g")
    else:
        return format(value, f".{6 if precision is None else precision}{verb}")
    return text.upper() if verb in "XG" else text


def _binary(value: float) -> tuple[int, int]:
    """A mantissa of 53 bits, fewer for the smallest numbers, and its power of two."""
    if value == 0:
        return 0, -1074
    power = max(math.frexp(value)[1] - 53, -1074)
    return int(math.ldexp(value, -power)) if power > -1074 else round(value / 5e-324), power


def _hexadecimal(value: float, precision: int | None) -> str:
    fraction, power = math.frexp(value)
    mantissa, power = int(fraction * (1 << 53)), power - 1 if value else 0
    if precision is not None and precision < 13:
        mantissa = _rounded(mantissa, 4 * (13 - precision))
        if mantissa >= 1 << 53:
            mantissa, power = mantissa >> 1, power + 1
    digits = format(mantissa & ((1 << 52) - 1), "013x")
    digits = digits.rstrip("0") if precision is None else digits[:precision].ljust(precision, "0")
    return f"0x{mantissa >> 52}{'.' + digits if digits else ''}p{power:+03d}"


def _rounded(number: int, bits: int) -> int:
    """Without its last bits, to the nearest, to the even one of two that are as near."""
    half, rest, kept = 1 << (bits - 1), number & ((1 << bits) - 1), number >> bits
    return (kept + (rest > half or (rest == half and kept & 1 == 1))) << bits


def _pointed(text: str, verb: str, precision: int | None) -> str:
    """With a point in any case, and for `g` and `x` with all digits that the precision asks for."""
    tail = re.search("[pP].*$" if verb in "xX" else "[eE].*$", text)
    digits, behind = (text[: tail.start()], tail[0]) if tail else (text, "")
    missing = 0
    if verb in "vgGx":
        significant = digits.replace(".", "").lstrip("0")
        missing = (_DIGITS if precision is None else precision) - len(significant) - (digits == "0")
    point = "" if "." in digits else "."
    return digits + point + "0" * missing + behind
