"""Matchers as text, in the form and the order that group keys have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.template.printing import quoted

_RANK = {op: i for i, op in enumerate((MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.REGEX, MatchOp.NOT_REGEX))}
_RESERVED = frozenset("{}!=~,\\\"'`")


def in_order(matchers: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """The matchers by name, then value, then operator."""
    return tuple(sorted(matchers, key=lambda m: (m.name, m.value, _RANK[m.op])))


def matcher_text(matcher: Matcher) -> str:
    """`name="value"`; a name with reserved characters stands in quotes."""
    if any(char in _RESERVED or char.isspace() for char in matcher.name):
        return f"{quoted(matcher.name)}{matcher.op}{quoted(matcher.value)}"
    return str(matcher)


def matchers_text(matchers: Sequence[Matcher]) -> str:
    """`{a="b",c!="d"}`."""
    return "{" + ",".join(matcher_text(matcher) for matcher in matchers) + "}"
