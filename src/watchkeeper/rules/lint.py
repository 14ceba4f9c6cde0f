"""What is allowed in rule files and yet a mistake, most likely."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.rules.rule import Pairs, RuleGroup


@dataclass(frozen=True, slots=True, order=True)
class Duplicate:
    """A name and labels that several rules have: whose result is recorded last is left to chance."""

    name: str
    labels: Pairs


def duplicates(groups: Sequence[RuleGroup]) -> list[Duplicate]:
    """Each repetition of a rule's name and labels, sorted."""
    seen = Counter(Duplicate(rule.name, rule.labels) for group in groups for rule in group.rules)
    return sorted(one for one, count in seen.items() for _ in range(count - 1))
