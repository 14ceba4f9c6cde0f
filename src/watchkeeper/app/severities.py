"""Alerts whose severity means nothing."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.alerts import unknown_word
from watchkeeper.app.configuration import Configuration
from watchkeeper.base.configuration import Problem
from watchkeeper.rules.lint import label_values


def unknown_severities(configuration: Configuration) -> Iterator[Problem]:
    """A warning for each value in the rule files that the vocabulary does not know; none without a vocabulary."""
    severities = configuration.severities
    if not severities.levels:
        return
    for path in configuration.rule_files:
        for place, value in label_values(path, severities.label):
            if why := unknown_word(value, severities):
                yield Problem(place, why)
