"""Keys of which only one may be given, and the pair that names a caller's token."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from watchkeeper.base.configuration.scalars import FilePath
from watchkeeper.base.configuration.secret import Secret
from watchkeeper.base.configuration.section import Section


def at_most_one(**given: object) -> None:
    """Raise ValueError where several of `given` are set."""
    names = [name for name, value in given.items() if value]
    if len(names) > 1:
        raise ValueError(f"at most one of {_listed(given)} may be given, here are {' and '.join(names)}")


def exactly_one(**given: object) -> None:
    """Raise ValueError where none or several of `given` are set."""
    at_most_one(**given)
    if not any(given.values()):
        raise ValueError(f"one of {' or '.join(given)} must be given")


def _listed(names: dict[str, object]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}"


class TokenSection(Section):
    """What only those are heard by who know a token; without one, everybody is."""

    token: Secret = Secret("")
    token_file: FilePath = None

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        at_most_one(token=self.token, token_file=self.token_file)
        return self

    def secret(self) -> str:
        """The token, empty where everybody is heard. Raises OSError where its file cannot be read."""
        return self.token_file.read_text().strip() if self.token_file is not None else self.token.reveal()
