"""Where something stands in a configuration file, and what is wrong there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from watchkeeper.base.failure import Failure


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a file; `line` and `column` count from 1, and a line of 0 stands for the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, or worth a warning, at one place."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class ConfigurationFailure(Failure):
    """A configuration that cannot be used; `problems` holds everything that is wrong with it, in reading order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`: did you mean "…"?` where `known` holds something close to `word`, else nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f': did you mean "{close[0]}"?' if close else ""
