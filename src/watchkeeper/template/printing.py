"""Values as Go's `fmt` package writes them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from watchkeeper.template.value import Named, Struct, is_slice, type_name

_VERB = re.compile(r"%([+\-# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(?:\[(\d+)\])?(.?)", re.DOTALL)


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


def text_of(value: object, nil: str = "<nil>", sharp: bool = False) -> str:
    """`%v`, or with `sharp` the strings quoted as in `%#v`."""
    if value is None:
        return nil
    if isinstance(value, str):
        return quoted(value) if sharp else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest(value)
    method = value.go_methods.get("String") if isinstance(value, Named) else None
    if method is not None:
        return str(method.call())
    if isinstance(value, Struct):
        return "{" + " ".join(text_of(v, sharp=sharp) for v in value.go_fields.values()) + "}"
    if isinstance(value, Mapping):
        pairs = sorted(cast("Mapping[str, object]", value).items())
        return "map[" + " ".join(f"{k}:{text_of(v, sharp=sharp)}" for k, v in pairs) + "]"
    if is_slice(value):
        return "[" + " ".join(text_of(v, sharp=sharp) for v in cast("Sequence[object]", value)) + "]"
    return str(value)


def quoted(text: str) -> str:
    """A Go string literal."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def joined(values: Sequence[object]) -> str:
    """`fmt.Sprint`: a space between two operands of which neither is a string."""
    out = ""
    for i, value in enumerate(values):
        if i and not isinstance(value, str) and not isinstance(values[i - 1], str):
            out += " "
        out += text_of(value)
    return out


def lined(values: Sequence[object]) -> str:
    """`fmt.Sprintln`."""
    return " ".join(text_of(value) for value in values) + "\n"


def formatted(pattern: str, values: Sequence[object]) -> str:
    """`fmt.Sprintf`; mistakes are written into the text, as Go does, and never raise."""
    state = _Arguments(values)
    out: list[str] = []
    at = 0
    for match in _VERB.finditer(pattern):
        out.append(pattern[at : match.start()])
        at = match.end()
        out.append(_directive(match, state))
    out.append(pattern[at:])
    extra = state.unused()
    if extra:
        out.append("%!(EXTRA " + ", ".join(f"{type_name(v)}={text_of(v)}" for v in extra) + ")")
    return "".join(out)


class _Arguments:
    def __init__(self, values: Sequence[object]) -> None:
        self._values = values
        self._next = 0
        self._chosen = False

    def choose(self, number: int) -> None:
        self._next = number - 1
        self._chosen = True

    def take(self) -> tuple[object, bool]:
        if not 0 <= self._next < len(self._values):
            return None, False
        self._next += 1
        return self._values[self._next - 1], True

    def unused(self) -> Sequence[object]:
        return () if self._chosen else self._values[self._next :]


def _directive(match: re.Match[str], state: _Arguments) -> str:
    flags, width_text, precision_text, index, verb = match.groups()
    width = _count(width_text, state)
    precision = _count(precision_text, state) if precision_text != "" else 0
    if verb == "":
        return "%!(NOVERB)"
    if verb == "%":
        return "%"
    if index is not None:
        state.choose(int(index))
    value, found = state.take()
    if not found:
        return f"%!{verb}({'BADINDEX' if index is not None else 'MISSING'})"
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    text = _verb(verb, value, flags, precision)
    if text is None:
        return f"%!{verb}({type_name(value)}={text_of(value)})"
    return _padded(text, width or 0, flags, numeric=verb in "bcdoxXeEfFgGvU" and not isinstance(value, str))


def _count(text: str | None, state: _Arguments) -> int | None:
    if text is None:
        return None
    if text != "*":
        return int(text)
    value, found = state.take()
    return value if found and isinstance(value, int) else None


def _padded(text: str, width: int, flags: str, numeric: bool) -> str:
    if len(text) >= width:
        return text
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and numeric and not text.endswith(("Inf", "NaN")):
        sign = text[0] if text[:1] in "+- " else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _verb(verb: str, value: Any, flags: str, precision: int | None) -> str | None:
    """The text of one value, or None where the verb does not fit it."""
    if verb == "v":
        if isinstance(value, float):
            return _signed(shortest(value) if precision is None else format(value, f".{precision or 1}g"), flags)
        return _signed(text_of(value, sharp="#" in flags), flags if isinstance(value, int) else "")
    if verb == "T":
        return type_name(value)
    if verb == "t":
        return text_of(value) if isinstance(value, bool) else None
    if isinstance(value, bool) or value is None:
        return None
    if is_slice(value) and not isinstance(value, str):
        parts = [_verb(verb, item, flags, precision) for item in value]
        return None if any(part is None for part in parts) else "[" + " ".join(str(p) for p in parts) + "]"
    if isinstance(value, int):
        return _integer(verb, value, flags, precision)
    if isinstance(value, float):
        return _float(verb, value, flags, precision)
    if isinstance(value, str):
        return _string(verb, value, flags, precision)
    return text_of(value) if verb == "s" else None


def _signed(text: str, flags: str) -> str:
    if text[:1] in "+-":
        return text
    return "+" + text if "+" in flags else " " + text if " " in flags else text


def _integer(verb: str, value: int, flags: str, precision: int | None) -> str | None:
    prefixes = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}
    if verb in "dboxX":
        digits = format(abs(value), verb)
        digits = digits.rjust(precision or 0, "0")
        prefix = prefixes.get(verb, "") if "#" in flags else ""
        return _signed(("-" if value < 0 else "") + prefix + digits, flags)
    if verb == "c":
        return chr(value)
    if verb == "q":
        return "'" + chr(value) + "'"
    return f"U+{value:04X}" if verb == "U" else None


def _float(verb: str, value: float, flags: str, precision: int | None) -> str | None:
    if verb not in "eEfFgG":
        return None
    if not math.isfinite(value):
        text = shortest(value)
        return text if "+" in flags or value != math.inf else "+Inf"
    if verb in "gG":
        text = shortest(value) if precision is None else format(value, f".{precision or 1}g")
        return _signed(text.upper() if verb == "G" else text, flags)
    return _signed(format(value, f".{6 if precision is None else precision}{verb}"), flags)


def _string(verb: str, value: str, flags: str, precision: int | None) -> str | None:
    cut = value if precision is None else value[:precision]
    if verb == "s":
        return cut
    if verb == "q":
        return f"`{cut}`" if "#" in flags and "`" not in cut else quoted(cut)
    if verb in "xX":
        text = (" " if " " in flags else "").join(f"{b:02x}" for b in cut.encode())
        return text.upper() if verb == "X" else text
    return None
