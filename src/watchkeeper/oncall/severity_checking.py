"""Escalation steps and people's rules for a severity that the vocabulary does not know."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.alerts import unknown_word
from watchkeeper.base.configuration import Problem
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.tree import Loc, Tree, locate
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.sections import OnCallSections


def check_on_call_severities(sections: OnCallSections, severities: Severities, tree: Tree) -> Iterator[Problem]:
    """A warning for each value that no alert can have; none at all where no vocabulary is configured."""
    for loc, value in _values(sections):
        if why := unknown_word(value, severities):
            yield Problem(locate(tree, loc), f"{path(loc)}: {why}")


def _values(sections: OnCallSections) -> Iterator[tuple[Loc, str]]:
    for i, policy in enumerate(sections.escalation_policies):
        for j, step in enumerate(policy.steps):
            for k, value in enumerate(step.severities):
                yield ("escalation_policies", i, "steps", j, "severities", k), value
    for i, person in enumerate(sections.people):
        for j, rule in enumerate(person.rules):
            for k, value in enumerate(rule.severities):
                yield ("people", i, "rules", j, "severities", k), value
