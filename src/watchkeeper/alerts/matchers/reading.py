"""Both notations as one, as Alertmanager reads them by default: what the older one understands has its meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from watchkeeper.alerts.failure import MatcherFailure
from watchkeeper.alerts.matchers import classic, utf8
from watchkeeper.model.matcher import Matcher

T = TypeVar("T")


def read_matchers(text: str) -> list[Matcher]:
    """The matchers in `text`. Raises MatcherFailure."""
    return _either(text, classic.read_all, utf8.read_all)


def read_matcher(text: str) -> Matcher:
    """The one matcher that `text` is. Raises MatcherFailure."""
    if text.startswith("{") or text.endswith("}"):
        raise MatcherFailure(f"unexpected open or close brace: {text}")
    return _either(text, classic.read_one, _only)


def _only(text: str) -> Matcher:
    found = utf8.read_all(text)
    if len(found) != 1:
        raise MatcherFailure(f"bad matcher format: {text}")
    return found[0]


def _either(text: str, older: Callable[[str], T], newer: Callable[[str], T]) -> T:
    try:
        return older(text)
    except MatcherFailure as failure:
        try:
            return newer(text)
        except MatcherFailure:
            raise failure from None
