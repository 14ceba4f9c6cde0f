"""Go's `fmt.Sprintf`: operands by the directives of a pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from watchkeeper.template.directive import Operands, Reader, Shape
from watchkeeper.template.numeral import complex_number, floating, integer
from watchkeeper.template.printing import own_text, quoted, spaced
from watchkeeper.template.value import Byte, Number, Opaque, Struct, check_size, is_pointer, is_slice, type_name

_ADDRESS = "0xc000000000"
"""Where a value is said to lie: it lies nowhere that would mean anything."""
_PLAIN = Shape()


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
        out.append("%!(EXTRA " + ", ".join(_named(value, _PLAIN) for value in extra) + ")")
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
        return _string("<nil>" if value is None else type_name(value), "s", shape) or ""
    if value is None:
        return shape.padded("<nil>") if verb == "v" else f"%!{verb}(<nil>)"
    check_size(value)
    shape = shape.of_value() if verb == "v" else shape
    if verb == "p":
        lies = isinstance(value, Mapping) or is_slice(value) or is_pointer(value)
        return _ADDRESS if lies else _bad(value, verb, shape)
    return _whole(value, verb, shape)


def _whole(value: Any, verb: str, shape: Shape, methods: bool = True) -> str:
    """An operand, before which a pointer is shown as one."""
    pointed = is_pointer(value) and not (verb == "w" and methods)
    return ("&" if pointed else "") + _written(value, verb, shape, methods)


def _named(value: object, shape: Shape, methods: bool = True) -> str:
    """A value with its type, as mistakes show it."""
    return "<nil>" if value is None else f"{type_name(value)}={_whole(value, 'v', shape, methods)}"


def _bad(value: object, verb: str, shape: Shape) -> str:
    return f"%!{verb}({_named(value, shape, methods=False)})"


def _written(value: Any, verb: str, shape: Shape, methods: bool = True) -> str:
    """One value, by its own methods unless it is shown as a mistake; of what has parts each part in the same way."""
    text = _scalar(value, verb, shape, methods)
    if text is not None:
        return text
    if verb == "w" and methods:
        return _bad(value, verb, shape)
    if isinstance(value, Opaque):
        return "{" + " ".join(_hidden(kind, part, verb, shape) for kind, part in value.go_hidden) + "}"
    if isinstance(value, Struct):
        named = shape.has("+v") or shape.has("#v")
        fields = value.go_fields.items()
        parts = [(f"{name}:" if named else "") + _written(part, verb, shape, methods) for name, part in fields]
        return _enclosed(type_name(value).removeprefix("*"), parts, shape, "{", "}")
    if isinstance(value, Mapping):
        pairs = sorted(cast("Mapping[str, object]", value).items())
        parts = [f"{_written(k, verb, shape, methods)}:{_written(v, verb, shape, methods)}" for k, v in pairs]
        return _enclosed(type_name(value), parts, shape, "map[", "]")
    if is_slice(value):
        parts = [_written(item, verb, shape, methods) for item in value]
        return _enclosed(type_name(value), parts, shape, "[", "]")
    return _bad(value, verb, shape)


def _scalar(value: Any, verb: str, shape: Shape, methods: bool) -> str | None:
    """A value without parts; None for others, and where the verb is none for it."""
    if value is None:
        return "interface {}(nil)" if shape.has("#v") else "<nil>"
    if methods and shape.has("#v") and isinstance(value, Opaque):
        return value.go_syntax
    if methods and not shape.has("#v") and verb in "vsxXq" and (own := own_text(value)) is not None:
        return _string(own, verb, shape)
    if isinstance(value, bool):
        return shape.padded("true" if value else "false") if verb in "vt" else None
    if isinstance(value, int):
        return integer(value, verb, shape, signed=not isinstance(value, Byte))
    if isinstance(value, float):
        return floating(value, verb, shape)
    if isinstance(value, complex):
        return complex_number(value, verb, shape)
    if isinstance(value, str):
        return _string(value, verb, shape)
    return integer(value.go_number, verb, shape) if isinstance(value, Number) else None


def _hidden(kind: str, value: int, verb: str, shape: Shape) -> str:
    """One part of what a value keeps to itself: a number or a pointer."""
    nil = kind.startswith("*") and value == 0
    text = shape.padded("<nil>") if nil and verb == "v" else None
    if text is None and (not kind.startswith("*") or verb in "vbodxX"):
        text = integer(value, verb, shape)
    return f"%!{verb}({kind}={_hidden(kind, value, 'v', shape)})" if text is None else text


def _enclosed(name: str, parts: Sequence[str], shape: Shape, opening: str, closing: str) -> str:
    return f"{name}{{{spaced(parts, ', ')}}}" if shape.has("#v") else opening + spaced(parts) + closing


def _string(value: str, verb: str, shape: Shape) -> str | None:
    if verb in "xX":
        return _hexadecimal(value, verb, shape)
    cut = value if shape.precision is None else value[: shape.precision]
    if verb == "s" or (verb == "v" and not shape.has("#v")):
        return shape.padded(cut)
    if verb not in "vq":
        return None
    raw = shape.has("#") and not any(c in "`\x7f\ufeff" or (c < " " and c != "\t") for c in cut)
    return shape.padded(f"`{cut}`" if raw else quoted(cut, ascii_only=shape.has("+")))


def _hexadecimal(value: str, verb: str, shape: Shape) -> str:
    prefix = "0x" if shape.has("#") else ""
    encoded = value.encode()[: shape.precision]
    if shape.has(" "):
        text = " ".join(f"{prefix}{byte:02x}" for byte in encoded)
    else:
        text = (prefix if encoded else "") + encoded.hex()
    return shape.padded(text.upper() if verb == "X" else text)
