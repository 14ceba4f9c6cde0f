"""RE2 expressions anchored at both ends, as Prometheus uses them everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import re2

from watchkeeper.base.failure import Failure
from watchkeeper.model.expansion import Groups

_MEMORY_BYTES = 64 << 20
_OPENING, _CLOSING = "^(?s:", ")$"


class ExpressionFailure(Failure, ValueError):
    """A text that is not an RE2 expression."""


class Expression:
    """A compiled expression that matches only a whole text; its dot matches a line break too.

    `groups` is the number of its groups and `names` leads from their names to their numbers.
    """

    __slots__ = ("_search", "groups", "names", "text")

    def __init__(self, text: str) -> None:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY_BYTES
        try:
            compiled = cast(Any, re2.compile(f"{_OPENING}{text}{_CLOSING}", options))
        except re2.error as error:
            raise ExpressionFailure(f'the regex "{text}" is malformed: {_reason(error)}') from error
        self.text = text
        self.groups: int = compiled.groups
        self.names: Mapping[str, int] = compiled.groupindex
        self._search = compiled.search

    def match(self, text: str) -> Groups | None:
        """What the expression finds in the whole of `text`, or None."""
        return self._search(text)


def _reason(error: Exception) -> str:
    first = error.args[0] if error.args else error
    reason = first.decode(errors="replace") if isinstance(first, bytes) else str(first)
    return reason.split(f": {_OPENING}", 1)[0]
