"""Labels and annotations as templates see them: Alertmanager's `KV`, `Pair` and `Pairs`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.template import Function, Named, Struct, Texts
from watchkeeper.template.failure import FunctionFailure
from watchkeeper.template.value import type_name

ALERT_NAME = "alertname"
_METHODS = frozenset({"SortedPairs", "Remove", "Names", "Values", "String"})


@dataclass(frozen=True, slots=True)
class Pair(Struct):
    """One label or annotation."""

    name: str
    value: str

    @property
    def go_type(self) -> str:
        """Alertmanager's name for it."""
        return "template.Pair"

    @property
    def go_fields(self) -> Mapping[str, Any]:
        """Its two fields."""
        return {"Name": self.name, "Value": self.value}


def texts(value: object) -> Sequence[str]:
    """A value that must be a list of texts. Raises FunctionFailure."""
    if not isinstance(value, Texts):
        raise FunctionFailure(f"wrong type for value; expected []string; got {type_name(value)}")
    return value


class Pairs(tuple[Pair, ...], Named):
    """Pairs in their order."""

    __slots__ = ()

    @property
    def go_type(self) -> str:
        """Alertmanager's name for it."""
        return "template.Pairs"

    @property
    def go_methods(self) -> Mapping[str, Function]:
        """Names, values, and all of them as text."""
        return {
            "Names": Function(self.names),
            "Values": Function(self.values),
            "String": Function(lambda: str(self)),
        }

    def names(self) -> Texts:
        """The names alone."""
        return Texts(pair.name for pair in self)

    def values(self) -> Texts:
        """The values alone."""
        return Texts(pair.value for pair in self)

    def __str__(self) -> str:
        return ", ".join(f"{pair.name}={pair.value}" for pair in self)


class KV(Mapping[str, str], Named):
    """A set of labels or annotations; in lists of it, `alertname` comes first and the others follow by name."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = dict(pairs)

    def __getitem__(self, name: str) -> str:
        return self._pairs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def sorted_pairs(self) -> Pairs:
        """The pairs in the order in which people are to read them."""
        names = sorted(self._pairs, key=lambda name: (name != ALERT_NAME, name))
        return Pairs(Pair(name, self._pairs[name]) for name in names)

    def without(self, names: object) -> KV:
        """The set less `names`."""
        gone = frozenset(texts(names))
        return KV((name, value) for name, value in self._pairs.items() if name not in gone)

    @property
    def go_type(self) -> str:
        """Alertmanager's name for it."""
        return "template.KV"

    @property
    def go_methods(self) -> dict[str, Function]:
        """Alertmanager's methods of it."""
        return {
            "SortedPairs": Function(self.sorted_pairs),
            "Remove": Function(self.without, ("any",)),
            "Names": Function(lambda: self.sorted_pairs().names()),
            "Values": Function(lambda: self.sorted_pairs().values()),
            "String": Function(lambda: str(self.sorted_pairs())),
        }

    def go_method(self, name: str) -> Function | None:
        """The method of that name; most names are labels."""
        return self.go_methods[name] if name in _METHODS else None
