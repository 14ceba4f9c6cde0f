"""What is allowed in rule files and yet a mistake, most likely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.base.configuration import ConfigurationFailure, Place, decode, locate, read_file
from watchkeeper.base.configuration.tree import Loc
from watchkeeper.rules.rule import Pairs, RuleGroup
from watchkeeper.rules.sections import RuleFileSection


@dataclass(frozen=True, slots=True, order=True)
class Duplicate:
    """A name and labels that several rules have: whose result is recorded last is left to chance."""

    name: str
    labels: Pairs


def duplicates(groups: Sequence[RuleGroup]) -> list[Duplicate]:
    """Each repetition of a rule's name and labels, sorted."""
    seen = Counter(Duplicate(rule.name, rule.labels) for group in groups for rule in group.rules)
    return sorted(one for one, count in seen.items() for _ in range(count - 1))


def label_values(path: Path, label: str) -> Iterator[tuple[Place, str]]:
    """The values that a file's alerts have for a label, each at its place; none of templates and malformed files."""
    try:
        tree = read_file(path)
        groups = decode(RuleFileSection, tree).groups
    except ConfigurationFailure:
        return
    for i, group in enumerate(groups):
        found: list[tuple[Loc, str]] = [(("groups", i), group.labels.get(label, ""))]
        found += [
            (("groups", i, "rules", j), rule.labels.get(label, "")) for j, rule in enumerate(group.rules) if rule.alert
        ]
        for loc, value in found:
            if value and "{{" not in value:
                yield locate(tree, (*loc, "labels", label)), value
