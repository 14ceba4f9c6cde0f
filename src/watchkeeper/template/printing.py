"""Values as Go's `fmt` package writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import cast

from watchkeeper.template.failure import FunctionFailure
from watchkeeper.template.value import Named, Struct, check_size, is_pointer, is_slice

LONGEST = 16 * 1024 * 1024
"""How many characters a text may have: lists of lists grow beyond any memory in a few steps."""
_EXPONENT_FROM = 6


def shortest(value: float) -> str:
    """A float in the fewest digits, with an exponent below 1e-4 and from 1e6 on (Go's `%v`)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    mantissa, power = _digits(value)
    if power < -4 or power >= _EXPONENT_FROM:
        head = mantissa[0] + ("." + mantissa[1:] if len(mantissa) > 1 else "")
        text = f"{head}e{'-' if power < 0 else '+'}{abs(power):02d}"
    elif power < 0:
        text = "0." + "0" * (-power - 1) + mantissa
    elif power + 1 >= len(mantissa):
        text = mantissa + "0" * (power + 1 - len(mantissa))
    else:
        text = mantissa[: power + 1] + "." + mantissa[power + 1 :]
    return "-" + text if value < 0 else text


def _digits(value: float) -> tuple[str, int]:
    """The shortest digits of a finite value other than zero, and the power of ten of the first."""
    mantissa, exponent = [*repr(abs(value)).split("e"), "0"][:2]
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits) if whole.strip("0") == "" else 0
    power = int(exponent) + len(whole) - 1 - leading
    return digits.rstrip("0") or "0", power


def text_of(value: object, nil: str = "<nil>") -> str:
    """A value in the way of `%v`. Raises FunctionFailure where that would be longer than a text may be."""
    if value is None:
        return nil
    check_size(value)
    return _text(value)


def _text(value: object) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, complex):
        imaginary = shortest(value.imag)
        return f"({shortest(value.real)}{imaginary if imaginary[0] in '+-' else '+' + imaginary}i)"
    own = own_text(value)
    if own is not None:
        return own
    if isinstance(value, Struct):
        return "{" + spaced([_text(v) for v in value.go_fields.values()]) + "}"
    if isinstance(value, Mapping):
        pairs = sorted(cast("Mapping[str, object]", value).items())
        return "map[" + spaced([f"{k}:{_text(v)}" for k, v in pairs]) + "]"
    if is_slice(value):
        return "[" + spaced([_text(v) for v in cast("Sequence[object]", value)]) + "]"
    return str(value)


def spaced(parts: Sequence[str], between: str = " ") -> str:
    """The parts of a value in one text. Raises FunctionFailure where that would be longer than a whole text may be."""
    if sum(map(len, parts)) > LONGEST:
        raise FunctionFailure(f"the text grows beyond {LONGEST} characters")
    return between.join(parts)


def own_text(value: object) -> str | None:
    """What a value with a method `String` says of itself, None where it has none."""
    method = value.go_method("String") if isinstance(value, Named) else None
    return None if method is None else str(method.call())


_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}


def quoted(text: str, ascii_only: bool = False) -> str:
    """A Go string literal (`strconv.Quote`, or `QuoteToASCII`)."""
    return '"' + "".join(_ESCAPES.get(c) or _literal(c, ascii_only) for c in text) + '"'


def _literal(character: str, ascii_only: bool) -> str:
    if character.isprintable() and (character.isascii() or not ascii_only):
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def joined(values: Sequence[object]) -> str:
    """`fmt.Sprint`: a space between two operands of which neither is a string."""
    out: list[str] = []
    for i, value in enumerate(values):
        if i and not isinstance(value, str) and not isinstance(values[i - 1], str):
            out.append(" ")
        out.append(_operand(value))
    return "".join(out)


def lined(values: Sequence[object]) -> str:
    """`fmt.Sprintln`."""
    return " ".join(_operand(value) for value in values) + "\n"


def _operand(value: object) -> str:
    return ("&" if is_pointer(value) else "") + text_of(value)
