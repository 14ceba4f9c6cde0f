"""The directives in a pattern of Go's `fmt`: `%+v`, `%-8.3f`, `%[2]*d` → flags, width, precision, verb, operand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

_LARGEST = 1_000_000
"""What `fmt` takes as a width or a precision."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Flags, and width and precision in characters; None where the pattern has none."""

    flags: frozenset[str] = frozenset()
    width: int | None = None
    precision: int | None = None

    def has(self, flag: str) -> bool:
        """Say whether the flag is set; `#v` and `+v` are `#` and `+` of the verb `v`, which mean something else."""
        return flag in self.flags

    def changed(self, add: str = "", drop: str = "") -> Shape:
        """The same with further flags, or without some."""
        return replace(self, flags=(self.flags | set(add)) - set(drop))

    def sign(self) -> str:
        """What stands before a number that is not negative."""
        return "+" if self.has("+") else " " if self.has(" ") else ""

    def padded(self, text: str) -> str:
        """The text in its width."""
        width = self.width or 0
        if self.has("-"):
            return text.ljust(width)
        return text.rjust(width, "0" if self.has("0") else " ")

    def of_value(self) -> Shape:
        """The shape for the verb `v`: `%+v` writes names of fields, `%#v` Go's syntax."""
        names = {"+": "+v", "#": "#v"}
        return replace(self, flags=frozenset(names.get(flag, flag) for flag in self.flags))


@dataclass(slots=True)
class Operands:
    """The operands of a pattern, and which is next."""

    values: Sequence[object]
    next: int = 0
    reordered: bool = False

    def take(self) -> object:
        """The next one. The caller has looked whether there is one."""
        self.next += 1
        return self.values[self.next - 1]

    def left(self) -> bool:
        """Say whether there is a next one."""
        return self.next < len(self.values)

    def unused(self) -> Sequence[object]:
        """Those that no directive asked for."""
        return () if self.reordered else self.values[self.next :]


@dataclass(slots=True)
class Reader:
    """Reads one directive from `at`, which is behind its percent sign; what it writes itself goes to `mistakes`."""

    pattern: str
    at: int
    operands: Operands
    good: bool = True
    mistakes: list[str] = field(default_factory=list[str])

    def read(self) -> tuple[Shape, str]:
        """Shape and verb; the verb is empty where the pattern ends before it."""
        flags = self._flags()
        chosen = self._choice()
        width, chosen = self._size(chosen, "%!(BADWIDTH)")
        if width is not None and width < 0:
            width, flags = -width, (flags | {"-"}) - {"0"}
        precision: int | None = None
        if self._next_is("."):
            self.at += 1
            self.good = self.good and not chosen
            before = self.at
            precision, chosen = self._size(self._choice(), "%!(BADPREC)")
            if precision is None and self.pattern[before : self.at].rpartition("]")[2] == "":
                precision = 0
            if precision is not None and precision < 0:
                self.mistakes.append("%!(BADPREC)")
                precision = None
        if not chosen:
            self._choice()
        verb = self.pattern[self.at : self.at + 1]
        self.at += len(verb)
        return Shape(frozenset(flags), width, precision), verb

    def _next_is(self, character: str) -> bool:
        return self.pattern.startswith(character, self.at)

    def _flags(self) -> set[str]:
        start = self.at
        while self.pattern[self.at : self.at + 1] in {"+", "-", "#", " ", "0"}:
            self.at += 1
        return set(self.pattern[start : self.at])

    def _choice(self) -> bool:
        """Read `[n]`, and say whether it was there and could be read."""
        if not self._next_is("["):
            return False
        self.operands.reordered = True
        end = self.pattern.find("]", self.at)
        if end < 0:
            self.good, self.at = False, self.at + 1
            return False
        number, self.at = self.pattern[self.at + 1 : end], end + 1
        if not number.isdecimal():
            self.good = False
            return False
        if not 1 <= int(number) <= len(self.operands.values):
            self.good = False
            return True
        self.operands.next = int(number) - 1
        return True

    def _size(self, chosen: bool, mistake: str) -> tuple[int | None, bool]:
        """A width or a precision: digits, or a star that takes an operand; and whether a choice is still to be used."""
        if self._next_is("*"):
            self.at += 1
            value = self.operands.take() if self.operands.left() else None
            if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
                self.mistakes.append(mistake)
                return None, False
            return value, False
        start = self.at
        while self.pattern[self.at : self.at + 1].isdecimal():
            self.at += 1
        digits = self.pattern[start : self.at]
        if not digits:
            return None, chosen
        self.good = self.good and not chosen
        if len(digits) > 8 or int(digits) >= 10 * (_LARGEST + 1):
            self.at = len(self.pattern)  # nothing that follows is read any more
            return None, chosen
        return int(digits), chosen
