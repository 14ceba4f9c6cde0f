"""The tree of a template; every node knows the offset where it stands and its text as a person would write it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, number, bool or nil."""

    value: object
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """`.`"""

    at: int

    @property
    def text(self) -> str:
        """Itself."""
        return "."


@dataclass(frozen=True, slots=True)
class Field:
    """`.A.B`: fields or keys of dot."""

    names: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """As written."""
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x.A.B`."""

    name: str
    names: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """As written."""
        return self.name + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class Chain:
    """`(…).A.B`."""

    of: Operand
    names: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        """As written."""
        return self.of.text + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function to be called, alone or with arguments."""

    name: str
    at: int

    @property
    def text(self) -> str:
        """As written."""
        return self.name


@dataclass(frozen=True, slots=True)
class Command:
    """One operand, or a function or method with its arguments."""

    arguments: tuple[Operand, ...]
    at: int

    @property
    def text(self) -> str:
        """As written."""
        return " ".join(argument.text for argument in self.arguments)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, each fed with the result before it; `variables` receive the last one's (`assigns`: by `=`)."""

    variables: tuple[str, ...]
    assigns: bool
    commands: tuple[Command, ...]
    at: int
    parenthesised: bool = False

    @property
    def text(self) -> str:
        """As written."""
        body = " | ".join(command.text for command in self.commands)
        if self.variables:
            body = f"{', '.join(self.variables)} {'=' if self.assigns else ':='} {body}"
        return f"({body})" if self.parenthesised else body


Operand: TypeAlias = Constant | Dot | Field | Variable | Chain | FunctionName | Pipeline


@dataclass(frozen=True, slots=True)
class Text:
    """Text outside of the delimiters."""

    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """A pipeline whose value is printed, unless it declares."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class Branch:
    """`if`, `with` or `range` (the `keyword`), and its `else`."""

    keyword: str
    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """`{{template "name" pipeline}}`."""

    name: str
    pipeline: Pipeline | None
    at: int


@dataclass(frozen=True, slots=True)
class Leave:
    """`break` or `continue`."""

    keyword: str


Node: TypeAlias = Text | Action | Branch | Call | Leave


def calls(nodes: tuple[Node, ...]) -> Iterator[Call]:
    """Every `{{template …}}` in a body, in its order, whether it would ever be run or not."""
    for node in nodes:
        if isinstance(node, Call):
            yield node
        elif isinstance(node, Branch):
            yield from calls(node.body)
            yield from calls(node.otherwise)
