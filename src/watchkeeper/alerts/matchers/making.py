"""A matcher from its parts."""

from __future__ import annotations

import re2

from watchkeeper.alerts.failure import MatcherFailure
from watchkeeper.base.regex import regex_failure
from watchkeeper.model.matcher import Matcher, MatchOp


def made(name: str, op: str, value: str) -> Matcher:
    """The matcher `name op value`. Raises MatcherFailure where the value is no expression, in Go's words."""
    try:
        return Matcher(name, MatchOp(op), value)
    except re2.error:
        raise MatcherFailure(f"error parsing regexp: {regex_failure(f'^(?:{value})$')}") from None
