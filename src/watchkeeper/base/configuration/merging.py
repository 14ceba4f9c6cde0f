"""Several configuration files as one."""

from __future__ import annotations

from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.place import Problem
from watchkeeper.base.configuration.tree import Items, Loc, Null, Scalar, Table, Tree


def merge(first: Tree, second: Tree, problems: list[Problem], at: Loc = ()) -> Tree:
    """The two trees as one: mappings by key, lists one after the other, what is empty gives way.

    A value that both give goes to `problems`, with both places.
    """
    match first, second:
        case Null(), _:
            return second
        case _, Null():
            return first
        case Table(), Table():
            merged = Table(first.place, dict(first.entries), dict(first.keys))
            for key, value in second.entries.items():
                if key in merged.entries:
                    value = merge(merged.entries[key], value, problems, (*at, key))
                merged.set(key, merged.keys.get(key, second.keys[key]), value)
            return merged
        case Items(), Items():
            return Items(first.place, [*first.items, *second.items])
        case Scalar(), Scalar():
            problems.append(Problem(second.place, f'"{path(at)}" is already given at {first.place}: keep one of them'))
        case _:
            problems.append(Problem(second.place, f'"{path(at)}" is of another kind than at {first.place}'))
    return first
