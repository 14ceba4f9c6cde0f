"""What PromQL's functions take and return."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ValueType(StrEnum):
    """What an expression evaluates to; the values are Prometheus' words in its API."""

    NONE = "none"
    VECTOR = "vector"
    SCALAR = "scalar"
    MATRIX = "matrix"
    STRING = "string"

    @property
    def words(self) -> str:
        """The type's name in messages to people."""
        return {"vector": "instant vector", "matrix": "range vector"}.get(self.value, self.value)


@dataclass(frozen=True, slots=True)
class Signature:
    """One function: the types of its arguments and of its result.

    `variadic` 0: exactly the arguments of `args`; n > 0: up to n of the last ones may be left out or, beyond them,
    repeated; −1: the last one may be repeated without end, or left out.
    """

    name: str
    args: tuple[ValueType, ...]
    returns: ValueType
    variadic: int = 0
    experimental: bool = False
