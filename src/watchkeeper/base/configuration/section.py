"""What every section of a configuration is: frozen, strict about its keys, and honest about what is not done yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

EMPTY: Mapping[Any, Any] = {}
"""The default of a field that is a mapping; each section gets a copy."""


def key_of(name: str) -> str:
    """The key in the file of the field `name`, which says its unit where the key does not (`global_` is `global`)."""
    return name.removesuffix("_ms").removesuffix("_bytes").removesuffix("_")


class Section(BaseModel):
    """A mapping in a configuration file.

    Fields are named like their keys, with the unit added (`scrape_interval_ms`); a key without a value counts as
    absent. From code, a section is made with its fields' names.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        alias_generator=key_of,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=False,
        defer_build=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: entry for key, entry in value.items() if entry is not None}
        return value


class NotYet:
    """Marks a field that is accepted and has no effect so far; `what` completes «… is not done yet»."""

    __slots__ = ("what",)

    def __init__(self, what: str) -> None:
        self.what = what
