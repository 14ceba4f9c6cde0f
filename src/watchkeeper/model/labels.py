"""A series' identity, as the edges of the house see it: targets, alerts, rules, one series of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar, overload

T = TypeVar("T")

METRIC_NAME = "__name__"


class Labels(Mapping[str, str]):
    """An immutable set of label pairs, sorted by name; a pair with an empty value does not exist.

    Equal sets are equal, hash alike and compare in Prometheus' order (pair by pair, then the shorter first).
    """

    __slots__ = ("_hash", "_pairs", "_values")

    def __init__(self, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        values = dict(pairs)
        self._pairs: tuple[tuple[str, str], ...] = tuple(sorted((n, v) for n, v in values.items() if v != ""))
        self._values: dict[str, str] = dict(self._pairs)
        self._hash = hash(self._pairs)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs, sorted by name."""
        return self._pairs

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    @overload
    def get(self, key: str, /) -> str | None: ...
    @overload
    def get(self, key: str, /, default: str | T) -> str | T: ...
    def get(self, key: str, /, default: object = None) -> object:
        """The value, or `default`; a Mapping's own would raise and catch for each name that is missing."""
        return self._values.get(key, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._pairs)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Labels):
            return self._pairs == other._pairs
        return NotImplemented

    def __lt__(self, other: Labels) -> bool:
        return self._pairs < other._pairs

    def __repr__(self) -> str:
        return f"Labels({self._values!r})"

    def with_(self, pairs: Mapping[str, str]) -> Labels:
        """These labels with `pairs` set; an empty value removes a label."""
        return Labels({**self._values, **pairs})

    def without(self, *names: str) -> Labels:
        """These labels less `names`."""
        return Labels((n, v) for n, v in self._pairs if n not in names)
