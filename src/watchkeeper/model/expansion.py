"""Replacement templates of Go's regular expressions: `$1`, `${1}`, `$name`, `${name}`, `$$` (regexp.Expand)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

_REFERENCE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})?")


class Groups(Protocol):
    """What a match offers: its groups by number, None for one that took no part."""

    def group(self, number: int, /) -> str | None:
        """The text of a group; 0 is the whole match."""
        ...


@dataclass(frozen=True, slots=True)
class Template:
    """A replacement text for one expression.

    `groups` is the number of its groups and `names` leads from their names to their numbers. A reference to a group
    that the expression lacks stands for nothing, and a `$` that begins no reference for itself.
    """

    text: str
    groups: int
    names: Mapping[str, int]
    _parts: tuple[str | int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_parts", tuple(_parts(self.text, self._number)))

    @property
    def constant(self) -> str | None:
        """The text that always comes out, or None where it depends on the match."""
        if any(isinstance(part, int) for part in self._parts):
            return None
        return "".join(str(part) for part in self._parts)

    def expand(self, match: Groups) -> str:
        """The text with its references replaced by what `match` found."""
        return "".join(part if isinstance(part, str) else match.group(part) or "" for part in self._parts)

    def _number(self, name: str) -> int | None:
        plain_number = name.isascii() and name.isdigit() and (name == "0" or name[0] != "0")
        if not plain_number:
            return self.names.get(name)
        return int(name) if int(name) <= self.groups else None


def _parts(text: str, number: Callable[[str], int | None]) -> list[str | int]:
    parts: list[str | int] = []
    at = 0
    for reference in _REFERENCE.finditer(text):
        parts.append(text[at : reference.start()])
        name = reference[1] or reference[2]
        if name is None:
            parts.append("$")
        elif (group := number(name)) is not None:
            parts.append(group)
        at = reference.end()
    parts.append(text[at:])
    return [part for part in parts if part != ""]
