"""What templates compute with, and what Go would call it.

str, bool, int and float are Go's string, bool, int and float64; None is nil; a list or tuple is a slice; a Mapping is a
map with string keys, in which a missing key is the empty string where all values are strings and nil otherwise; a
`Struct` has fields and methods of its own, and a missing one is an error. A slice or a map that has methods is `Named`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeGuard, cast, runtime_checkable

from watchkeeper.template.failure import FunctionFailure


class Method(Protocol):
    """A function of a value, as `Function` is one: it may raise FunctionFailure."""

    @property
    def call(self) -> Callable[..., Any]:
        """What is called, without the value itself."""
        ...

    def check_count(self, name: str, count: int) -> None:
        """Raise FunctionFailure where it is called with too few or too many arguments."""
        ...


@runtime_checkable
class Named(Protocol):
    """A value of a type with a name and methods, as Go's exported ones."""

    @property
    def go_type(self) -> str:
        """The type's name, for errors."""
        ...

    @property
    def go_methods(self) -> Mapping[str, Method]:
        """Methods by name."""
        ...


@runtime_checkable
class Struct(Named, Protocol):
    """A named value with fields."""

    @property
    def go_fields(self) -> Mapping[str, Any]:
        """Fields by name, in Go's order."""
        ...


@runtime_checkable
class Number(Named, Protocol):
    """A whole number of a type of its own, such as Go's spans of time."""

    @property
    def go_number(self) -> int:
        """The number itself."""
        ...


def is_slice(value: object) -> TypeGuard[Sequence[Any]]:
    """Say whether it is a slice."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


MOST_PARTS = 1_000_000
"""How many parts a value may have that is to become text: lists of lists grow beyond any memory in a few steps."""


def check_size(value: object) -> None:
    """Raise FunctionFailure where a value has more parts, those of its parts counted each time, than `MOST_PARTS`."""
    left, inside = MOST_PARTS, [value]
    while inside:
        whole = inside.pop()
        if isinstance(whole, Mapping):
            parts: Collection[object] = cast("Mapping[str, object]", whole).values()
        elif is_slice(whole):
            parts = whole
        else:
            continue
        left -= len(parts)
        if left < 0:
            raise FunctionFailure(f"a value of more than {MOST_PARTS} parts")
        inside.extend(part for part in parts if isinstance(part, Mapping | list | tuple))


def truth(value: object) -> bool:
    """Go's truth: not nil, zero, empty or false; structs are always true."""
    if isinstance(value, Struct):
        return True
    return bool(value)


def type_name(value: object) -> str:
    """What Go calls the value's type."""
    if isinstance(value, Named):
        return value.go_type
    if value is None:
        return "nil"
    if isinstance(value, Mapping):
        strings = all(isinstance(v, str) for v in cast("Mapping[str, object]", value).values())
        return "map[string]string" if strings else "map[string]interface {}"
    if is_slice(value):
        items = cast("Sequence[object]", value)
        return "[]string" if items and all(isinstance(v, str) for v in items) else "[]interface {}"
    names: dict[type, str] = {str: "string", bool: "bool", int: "int", float: "float64"}
    return names.get(type(value), type(value).__name__)


def missing(mapping: Mapping[str, Any]) -> object:
    """What a map yields for a key that it lacks."""
    return "" if all(isinstance(value, str) for value in mapping.values()) else None
