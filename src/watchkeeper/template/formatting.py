"""Go's `fmt.Sprintf`: operands by the directives of a pattern."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from watchkeeper.template.directive import Operands, Reader, Shape
from watchkeeper.template.printing import own_text, quoted, shortest, spaced, text_of
from watchkeeper.template.value import Number, Struct, check_size, is_slice, type_name

_NOBODY = "\ufffd"
"""What stands for a number that is no character."""


def formatted(pattern: str, values: Sequence[object]) -> str:
    """`fmt.Sprintf`; mistakes are written into the text, as Go does.

    Raises FunctionFailure only where the text would be longer than one may be.
    """
    operands, out, at = Operands(values), list[str](), 0
    while (percent := pattern.find("%", at)) >= 0:
        reader = Reader(pattern, percent + 1, operands)
        shape, verb = reader.read()
        out += (pattern[at:percent], *reader.mistakes, _directive(shape, verb, operands, reader.good))
        at = reader.at
    out.append(pattern[at:])
    if extra := operands.unused():
        out.append("%!(EXTRA " + ", ".join(_named(value, Shape()) for value in extra) + ")")
    return "".join(out)


def _directive(shape: Shape, verb: str, operands: Operands, good: bool) -> str:
    if verb == "":
        return "%!(NOVERB)"
    if verb == "%":
        return "%"
    if not good:
        return f"%!{verb}(BADINDEX)"
    if not operands.left():
        return f"%!{verb}(MISSING)"
    value = operands.take()
    if verb == "T":
        return _padded("<nil>" if value is None else type_name(value), shape)
    if value is None:
        return _padded("<nil>", shape) if verb == "v" else f"%!{verb}(<nil>)"
    check_size(value)
    return _written(value, verb, shape.of_value() if verb == "v" else shape)


def _named(value: object, shape: Shape) -> str:
    """A value with its type, as mistakes show it."""
    return "<nil>" if value is None else f"{type_name(value)}={_written(value, 'v', shape)}"


def _bad(value: object, verb: str, shape: Shape) -> str:
    return f"%!{verb}({_named(value, shape)})"


def _written(value: Any, verb: str, shape: Shape) -> str:
    """One value; of what has parts each part in the same way."""
    if value is None:
        return "interface {}(nil)" if shape.has("#v") else "<nil>"
    if not shape.has("#v") and verb in "vsxXq" and (own := own_text(value)) is not None:
        return _string(own, verb, shape)
    if isinstance(value, bool):
        return _padded(text_of(value), shape) if verb in "vt" else _bad(value, verb, shape)
    if isinstance(value, int):
        return _integer(value, verb, shape)
    if isinstance(value, float):
        return _float(value, verb, shape)
    if isinstance(value, str):
        return _string(value, verb, shape)
    if isinstance(value, Number):
        return _integer(value.go_number, verb, shape)
    if isinstance(value, Struct):
        return _struct(value, verb, shape)
    if isinstance(value, Mapping):
        return _map(cast("Mapping[str, object]", value), verb, shape)
    if is_slice(value):
        parts = [_written(item, verb, shape) for item in value]
        return _enclosed(type_name(value), parts, shape, "[", "]")
    return _padded(str(value), shape)


def _enclosed(name: str, parts: Sequence[str], shape: Shape, opening: str, closing: str) -> str:
    return f"{name}{{{spaced(parts, ', ')}}}" if shape.has("#v") else opening + spaced(parts) + closing


def _struct(value: Struct, verb: str, shape: Shape) -> str:
    named = shape.has("+v") or shape.has("#v")
    parts = [(f"{name}:" if named else "") + _written(part, verb, shape) for name, part in value.go_fields.items()]
    return _enclosed(value.go_type, parts, shape, "{", "}")


def _map(value: Mapping[str, object], verb: str, shape: Shape) -> str:
    parts = [f"{_written(key, verb, shape)}:{_written(value[key], verb, shape)}" for key in sorted(value)]
    return _enclosed(type_name(value), parts, shape, "map[", "]")


def _padded(text: str, shape: Shape) -> str:
    width = shape.width or 0
    if shape.has("-"):
        return text.ljust(width)
    return text.rjust(width, "0" if shape.has("0") else " ")


def _signed(text: str, shape: Shape) -> str:
    """A number with its sign, zeros between the sign and the digits."""
    digits = text.removeprefix("-")
    sign = "-" if text != digits else "+" if shape.has("+") else " " if shape.has(" ") else ""
    if shape.has("0") and not shape.has("-") and shape.width is not None:
        digits = digits.rjust(shape.width - len(sign), "0")
    return _padded(sign + digits, Shape(shape.flags - {"0"}, shape.width))


_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}


def _integer(value: int, verb: str, shape: Shape) -> str:
    if verb in "cqU":
        return _character(value, verb, shape)
    if verb not in _BASES:
        return _bad(value, verb, shape)
    if shape.precision == 0 and value == 0:
        return " " * (shape.width or 0)
    digits = format(abs(value), _BASES[verb]).rjust(shape.precision or 0, "0")
    if verb == "O":
        digits = "0o" + digits
    elif shape.has("#"):
        digits = _PREFIXES.get(verb, "") + digits
    if shape.precision is not None:
        shape = Shape(shape.flags - {"0"}, shape.width)
    return _signed(("-" if value < 0 else "") + digits, shape)


def _character(value: int, verb: str, shape: Shape) -> str:
    known = 0 <= value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF
    character = chr(value) if known else _NOBODY
    if verb == "c":
        return _padded(character, shape)
    if verb == "U":
        shown = f" '{character}'" if shape.has("#") and known and character.isprintable() else ""
        return _padded(f"U+{value:04X}{shown}", Shape(shape.flags - {"0"}, shape.width))
    inner = quoted(character, ascii_only=shape.has("+"))[1:-1]
    shown = {'\\"': '"', "'": "\\'"}.get(inner, inner)
    return _padded(f"'{shown}'", shape)


def _float(value: float, verb: str, shape: Shape) -> str:
    if verb not in "veEfFgGxX":
        return _bad(value, verb, shape)
    if not math.isfinite(value):
        text = shortest(value) if value != math.inf or shape.has("+") else "+Inf"
        unpadded = Shape(shape.flags - {"0"}, shape.width)
        return _padded(text, unpadded)
    return _signed(_digits(value, verb, shape.precision), shape)


def _digits(value: float, verb: str, precision: int | None) -> str:
    if verb in "xX":
        mantissa, exponent = value.hex().split("p")
        text = f"{mantissa.rstrip('0').rstrip('.')}p{exponent[0]}{exponent[1:].rjust(2, '0')}"
    elif verb in "vgG":
        text = shortest(value) if precision is None else format(value, f".{precision or 1}g")
    else:
        return format(value, f".{6 if precision is None else precision}{verb}")
    return text.upper() if verb in "XG" else text


def _string(value: str, verb: str, shape: Shape) -> str:
    if verb in "xX":
        return _hexadecimal(value, verb, shape)
    cut = value if shape.precision is None else value[: shape.precision]
    if verb == "v":
        return _padded(quoted(cut) if shape.has("#v") else cut, shape)
    if verb == "s":
        return _padded(cut, shape)
    if verb == "q":
        raw = shape.has("#") and "`" not in cut and all(c.isprintable() or c == "\t" for c in cut)
        return _padded(f"`{cut}`" if raw else quoted(cut, ascii_only=shape.has("+")), shape)
    return _bad(value, verb, shape)


def _hexadecimal(value: str, verb: str, shape: Shape) -> str:
    prefix = "0x" if shape.has("#") else ""
    encoded = value.encode()[: shape.precision]
    if shape.has(" "):
        text = " ".join(f"{prefix}{byte:02x}" for byte in encoded)
    else:
        text = (prefix if encoded else "") + encoded.hex()
    return _padded(text.upper() if verb == "X" else text, shape)
