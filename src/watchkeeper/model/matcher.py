"""A condition on one label's value, as PromQL selectors, routes and silences write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

import re2

from watchkeeper.base.regex import compiled


class MatchOp(StrEnum):
    """How a label's value is held against a matcher's."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """`name op value`; expressions are RE2 and anchored at both ends, an absent label counts as empty.

    Raises `re2.error` at once where the expression is malformed.
    """

    name: str
    op: MatchOp
    value: str
    _test: Callable[[str], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_test", _test(self.op, self.value))

    def matches(self, value: str) -> bool:
        """Say whether a label with this value (empty: absent) satisfies the matcher."""
        return self._test(value)

    @property
    def matches_empty(self) -> bool:
        """Say whether a series without the label satisfies the matcher."""
        return self._test("")

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.op}"{escaped}"'


def _test(op: MatchOp, value: str) -> Callable[[str], bool]:
    if op is MatchOp.EQUAL:
        return lambda v: v == value
    if op is MatchOp.NOT_EQUAL:
        return lambda v: v != value
    full = _expression(value).fullmatch
    if op is MatchOp.REGEX:
        return lambda v: full(v) is not None
    return lambda v: full(v) is None


@lru_cache(maxsize=4096)
def _expression(value: str) -> re2._Regexp:
    """The compiled expression; kept, because compiling it takes longer than parsing the query around it."""
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    return compiled(value, options)
