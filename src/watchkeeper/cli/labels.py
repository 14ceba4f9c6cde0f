"""Labels as arguments: `NAME=VALUE`, with quotes around a value where it needs them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from watchkeeper.alerts import MatcherFailure
from watchkeeper.alerts.matchers import read_matcher
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import MatchOp


def read_labels(texts: Sequence[str]) -> Labels:
    """The labels. Raises BadParameter where a text is none."""
    pairs: dict[str, str] = {}
    for text in texts:
        try:
            matcher = read_matcher(text)
        except MatcherFailure as failure:
            raise click.BadParameter(str(failure)) from None
        if matcher.op is not MatchOp.EQUAL:
            raise click.BadParameter(f"{text}: NAME=VALUE would be right")
        pairs[matcher.name] = matcher.value
    return Labels(pairs)
