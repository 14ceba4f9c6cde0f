"""Functions that a template may call, with what they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.template.failure import FunctionFailure
from watchkeeper.template.printing import text_of
from watchkeeper.template.value import Named, is_slice

ANY, STRING, INT, FLOAT, BOOL, SLICE, MAP = "any", "string", "int", "float64", "bool", "slice", "map"


@dataclass(frozen=True, slots=True)
class Function:
    """`call` with parameters of these Go kinds; `rest` is the kind of any number of further ones."""

    call: Callable[..., Any]
    parameters: tuple[str, ...] = ()
    rest: str | None = None

    def check_count(self, name: str, count: int) -> None:
        """Raise FunctionFailure where it is called with too few or too many arguments."""
        wanted = len(self.parameters)
        if self.rest is not None and count < wanted:
            raise FunctionFailure(f"wrong number of args for {name}: want at least {wanted} got {count}")
        if self.rest is None and count != wanted:
            raise FunctionFailure(f"wrong number of args for {name}: want {wanted} got {count}")

    def kind(self, position: int) -> str:
        """The kind of the parameter at that position."""
        return self.parameters[position] if position < len(self.parameters) else self.rest or ANY


_FITS: Mapping[str, Callable[[object], bool]] = {
    STRING: lambda value: isinstance(value, str) and not isinstance(value, Named),
    INT: lambda value: type(value) is int,
    FLOAT: lambda value: isinstance(value, float),
    BOOL: lambda value: isinstance(value, bool),
    SLICE: is_slice,
    MAP: lambda value: isinstance(value, Mapping),
}


def converted(value: object, kind: str, constant: bool) -> object:
    """`value` as a parameter of that kind takes it; a number constant becomes a float where one is wanted.

    Raises FunctionFailure where the type does not fit.
    """
    if kind == ANY:
        return value
    if kind == FLOAT and constant and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not _FITS[kind](value):
        raise FunctionFailure(f"expected {kind}; found {text_of(value)}")
    return value
