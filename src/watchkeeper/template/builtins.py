"""The functions that every template has."""

from __future__ import annotations

import html as python_html
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast
from urllib.parse import quote_plus

from watchkeeper.template.failure import FunctionFailure
from watchkeeper.template.formatting import formatted
from watchkeeper.template.function import ANY, STRING, Function
from watchkeeper.template.html import SafeHTML
from watchkeeper.template.printing import joined, lined
from watchkeeper.template.value import Byte, Number, Struct, is_pointer, is_slice, missing, truth, type_name


def _len(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, Mapping) or is_slice(value):
        return len(value)
    raise FunctionFailure(f"len of type {type_name(value)}")


def _whole(index: object) -> int:
    if isinstance(index, bool) or not isinstance(index, int):
        raise FunctionFailure(f"cannot index slice/array with type {type_name(index)}")
    return index


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, Mapping):
            if not isinstance(key, str):
                raise FunctionFailure(f"value has type {type_name(key)}; should be string")
            mapping = cast("Mapping[str, Any]", value)
            value = mapping[key] if key in mapping else missing(mapping)
        elif isinstance(value, str) or is_slice(value):
            items = cast("Sequence[Any]", value.encode() if isinstance(value, str) else value)
            if not 0 <= _whole(key) < len(items):
                raise FunctionFailure(f"index out of range: {key}")
            value = Byte(items[key]) if isinstance(items, bytes) else items[key]
        elif value is None:
            raise FunctionFailure("index of untyped nil")
        else:
            raise FunctionFailure(f"can't index item of type {type_name(value)}")
    return value


def _slice(value: Any, *bounds: Any) -> Any:
    if not isinstance(value, str) and not is_slice(value):
        raise FunctionFailure(f"can't slice item of type {type_name(value)}")
    if len(bounds) > (2 if isinstance(value, str) else 3):
        raise FunctionFailure("too many slice indexes")
    items = value.encode() if isinstance(value, str) else value
    places = [0, len(items)]
    places[: len(bounds)] = map(_whole, bounds)
    for place in places:
        if not 0 <= place <= len(items):
            raise FunctionFailure(f"index out of range: {place}")
    for first, second in pairwise(places):
        if first > second:
            raise FunctionFailure(f"invalid slice index: {first} > {second}")
    part = items[places[0] : places[1]]
    if isinstance(part, bytes):
        return part.decode(errors="replace")
    return type(value)(part) if isinstance(value, tuple) else part


def _basic(value: object) -> tuple[str, Any]:
    """What kind of number or text a value is, and what it is as such; others are a «struct», or go by their type."""
    if isinstance(value, Number):
        return "int", value.go_number
    if isinstance(value, int) and not isinstance(value, bool):
        return "int", value
    if isinstance(value, str):
        return "string", value
    return ("struct" if isinstance(value, Struct) else type_name(value)), value


def _has_equals(value: object) -> bool:
    """Say whether Go compares such values: no maps, no slices, and no structs that have one."""
    if isinstance(value, Struct):
        return is_pointer(value) or all(_has_equals(part) for part in value.go_fields.values())
    return not isinstance(value, Mapping) and not is_slice(value)


def _equal(a: object, b: object) -> bool:
    if a is None or b is None:
        return a is b
    (kind, first), (other_kind, second) = _basic(a), _basic(b)
    if kind != other_kind:
        raise FunctionFailure(f"incompatible types for comparison: {type_name(a)} and {type_name(b)}")
    for value in (a, b):
        if not _has_equals(value):
            raise FunctionFailure(f"non-comparable type {type_name(value)}")
    return first == second


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise FunctionFailure("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def check(a: Any, b: Any) -> bool:
        (kind, first), (other_kind, second) = _basic(a), _basic(b)
        if kind != other_kind:
            raise FunctionFailure(f"incompatible types for comparison: {type_name(a)} and {type_name(b)}")
        if kind not in ("int", "float64", "string"):
            raise FunctionFailure("invalid type for comparison")
        return compare(first, second)

    return check


_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def _js(text: str) -> str:
    return "".join(_JS.get(c, c if c.isprintable() or c == "\x7f" else f"\\u{ord(c):04X}") for c in text)


def _html(text: str) -> str:
    return python_html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;").replace("\0", "\ufffd")


def _over_text(escape: Callable[[str], str]) -> Callable[..., str]:
    return lambda *values: escape(joined(["<no value>" if value is None else value for value in values]))


def _call(function: Any, *arguments: Any) -> Any:
    if not callable(function):
        raise FunctionFailure(f"non-function of type {type_name(function)}")
    return function(*arguments)


def _ne(a: Any, b: Any) -> bool:
    return not _eq(a, b)


def _not(value: Any) -> bool:
    return not truth(value)


def _print(*values: Any) -> str:
    return joined(values)


def _println(*values: Any) -> str:
    return lined(values)


def _printf(pattern: str, *values: Any) -> str:
    return formatted(pattern, values)


def _decided_elsewhere(*values: Any) -> Any:
    """`and` and `or` do not evaluate every argument, so the evaluator itself does them."""
    return values[-1]


SHORT_CIRCUIT = frozenset({"and", "or"})

BUILTINS: Mapping[str, Function] = {
    "and": Function(_decided_elsewhere, (ANY,), ANY),
    "or": Function(_decided_elsewhere, (ANY,), ANY),
    "not": Function(_not, (ANY,)),
    "len": Function(_len, (ANY,)),
    "index": Function(_index, (ANY,), ANY),
    "slice": Function(_slice, (ANY,), ANY),
    "call": Function(_call, (ANY,), ANY),
    "print": Function(_print, (), ANY),
    "printf": Function(_printf, (STRING,), ANY),
    "println": Function(_println, (), ANY),
    "html": Function(_over_text(_html), (), ANY),
    "js": Function(_over_text(_js), (), ANY),
    "urlquery": Function(_over_text(quote_plus), (), ANY),
    "eq": Function(_eq, (ANY,), ANY),
    "ne": Function(_ne, (ANY, ANY)),
    "lt": Function(_ordered(lambda a, b: a < b), (ANY, ANY)),
    "le": Function(_ordered(lambda a, b: a <= b), (ANY, ANY)),
    "gt": Function(_ordered(lambda a, b: a > b), (ANY, ANY)),
    "ge": Function(_ordered(lambda a, b: a >= b), (ANY, ANY)),
}

HTML_FUNCTIONS: Mapping[str, Function] = {
    "html": Function(_over_text(lambda text: SafeHTML(_html(text))), (), ANY),
}
"""What replaces some of them where the text is HTML: what was escaped is not escaped again."""
