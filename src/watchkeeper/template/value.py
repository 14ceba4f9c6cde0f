"""What templates compute with, and what Go would call it.

str, bool, int, float and complex are Go's string, bool, int, float64 and complex128; None is nil. A list or tuple is a
`[]interface {}` and a dict a `map[string]interface {}`; any other Mapping has texts only, and the empty one for a key
that it lacks. `Texts` is a `[]string`. What has a type of its own is `Named`; a `Struct` has fields, too, of which a
missing one is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeGuard, cast

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


class Named:
    """A value of a type with a name, and perhaps with methods, as Go's exported ones."""

    __slots__ = ()

    @property
    def go_type(self) -> str:
        """The type's name; that of a pointer begins with a star."""
        raise NotImplementedError

    @property
    def go_methods(self) -> Mapping[str, Method]:
        """Methods by name."""
        return {}

    def go_method(self, name: str) -> Method | None:
        """The method of that name."""
        return self.go_methods.get(name)


class Struct(Named):
    """A named value with fields."""

    __slots__ = ()

    @property
    def go_fields(self) -> Mapping[str, Any]:
        """Fields by name, in Go's order."""
        return {}


class Opaque(Struct):
    """A struct without fields that a template can name, such as Go's instants."""

    __slots__ = ()

    @property
    def go_hidden(self) -> Sequence[tuple[str, int]]:
        """Types and values of what it consists of, seen only where a verb is none for it; a pointer's has a star."""
        raise NotImplementedError

    @property
    def go_syntax(self) -> str:
        """The Go expression that makes it."""
        raise NotImplementedError


class Number(Named):
    """A whole number of a type of its own, such as Go's spans of time."""

    __slots__ = ()

    @property
    def go_number(self) -> int:
        """The number itself."""
        raise NotImplementedError


class Texts(tuple[str, ...], Named):
    """A list of texts only."""

    __slots__ = ()

    @property
    def go_type(self) -> str:
        """Go's name for it."""
        return "[]string"


class Byte(int):
    """One byte of a text."""

    __slots__ = ()


def is_pointer(value: object) -> bool:
    """Say whether it is a pointer to what it shows."""
    return isinstance(value, Struct) and value.go_type.startswith("*")


def is_slice(value: object) -> TypeGuard[Sequence[Any]]:
    """Say whether it is a slice."""
    return isinstance(value, (list, tuple))


MOST_PARTS = 250_000
"""How many parts a value may have that is to become text: lists of lists grow beyond any memory in a few steps."""


def check_size(value: object) -> None:
    """Raise FunctionFailure where a value has more parts, those of its parts counted each time, than `MOST_PARTS`."""
    if isinstance(value, (str, int, float)):
        return
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


_NAMES: Mapping[type, str] = {
    bool: "bool",
    int: "int",
    Byte: "uint8",
    float: "float64",
    complex: "complex128",
    dict: "map[string]interface {}",
    list: "[]interface {}",
    tuple: "[]interface {}",
}


def type_name(value: object) -> str:
    """What Go calls the value's type."""
    if isinstance(value, Named):
        return value.go_type
    if value is None:
        return "nil"
    if isinstance(value, str):
        return "string"
    return _NAMES.get(type(value)) or ("map[string]string" if isinstance(value, Mapping) else type(value).__name__)


def missing(mapping: Mapping[str, Any]) -> object:
    """What a map yields for a key that it lacks."""
    return None if isinstance(mapping, dict) else ""
