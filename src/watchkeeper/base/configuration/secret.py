"""Text that must not be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

HIDDEN = "<secret>"
_TELLING = re.compile(r"pass|secret|token|credential|(?<!public_)key|auth", re.IGNORECASE)


class Secret:
    """A secret text, which prints as `<secret>` wherever it goes; `reveal` is the only way to it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __bool__(self) -> bool:
        return self._text != ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(("secret", self._text))

    def __repr__(self) -> str:
        return HIDDEN if self._text else "Secret('')"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A Secret, or any text."""
        return core_schema.no_info_plain_validator_function(_secret)


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if isinstance(value, str):
        return Secret(str(value))
    raise PydanticKnownError("string_type")


def sounds_secret(name: str) -> bool:
    """Say whether a key or parameter of this name probably holds a secret (and not the path of one)."""
    return _TELLING.search(name) is not None and not name.endswith("_file")


def hide_telling(value: object, key: str = "") -> object:
    """Values of a section that nobody reads, with those hidden whose key sounds like a secret's."""
    match value:
        case Mapping():
            return {str(name): hide_telling(item, str(name)) for name, item in value.items()}
        case list() | tuple():
            return [hide_telling(item, key) for item in value]
        case str() if value and sounds_secret(key):
            return Secret(value)
        case _:
            return str(value) if isinstance(value, str) else value
