"""A YAML document as plain Python values that remember where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from watchkeeper.base.configuration.place import Place


class Scalar(str):
    """A scalar's text as written; `plain` where it stands without quotes, so that it may be a number or a boolean."""

    __slots__ = ("place", "plain")

    place: Place
    plain: bool

    def __new__(cls, text: str, place: Place, plain: bool = False) -> Scalar:
        scalar = super().__new__(cls, text)
        scalar.place = place
        scalar.plain = plain
        return scalar


@dataclass(slots=True)
class Table:
    """A mapping: its entries by key, and where each key stands."""

    place: Place
    entries: dict[str, Tree] = field(default_factory=dict[str, "Tree"])
    keys: dict[str, Place] = field(default_factory=dict[str, Place])

    def set(self, key: str, place: Place, value: Tree) -> None:
        """Put an entry; one with this key is replaced."""
        self.entries[key] = value
        self.keys[key] = place


@dataclass(slots=True)
class Items:
    """A list."""

    place: Place
    items: list[Tree] = field(default_factory=list["Tree"])


@dataclass(frozen=True, slots=True)
class Null:
    """Nothing: `~`, `null`, or a key without a value."""

    place: Place


Tree: TypeAlias = "Scalar | Table | Items | Null"
Plain: TypeAlias = "Scalar | dict[str, Plain] | list[Plain] | None"
Loc: TypeAlias = "tuple[int | str, ...]"


def plain(tree: Tree) -> Plain:
    """The tree as dictionaries, lists, Scalars and None: what pydantic takes."""
    match tree:
        case Table(entries=entries):
            return {key: plain(value) for key, value in entries.items()}
        case Items(items=items):
            return [plain(item) for item in items]
        case Null():
            return None
        case Scalar():
            return tree


def locate(tree: Tree, loc: Loc, *, key: bool = False) -> Place:
    """The place of what `loc` leads to, or of the nearest thing above it; with `key`, of its key and not its value."""
    place = tree.place
    for step in loc:
        match tree:
            case Table(entries=entries, keys=keys) if step in entries:
                tree = entries[str(step)]
                place = keys[str(step)] if key or isinstance(tree, Null) else tree.place
            case Items(items=items) if isinstance(step, int) and step < len(items):
                tree = items[step]
                place = tree.place
            case _:
                break
    return place


def walk(tree: Tree, loc: Loc = ()) -> Iterator[tuple[Loc, Tree]]:
    """Everything in `tree`, parents first, each with the way that leads to it."""
    yield loc, tree
    match tree:
        case Table(entries=entries):
            for key, value in entries.items():
                yield from walk(value, (*loc, key))
        case Items(items=items):
            for i, item in enumerate(items):
                yield from walk(item, (*loc, i))
        case _:
            pass
