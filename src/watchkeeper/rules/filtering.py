"""Which groups, rules and alerts somebody wants to see."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from watchkeeper.model.matcher import Matcher
from watchkeeper.rules.failure import RulesFailure
from watchkeeper.rules.rule import RuleGroup
from watchkeeper.rules.status import GroupStatus, RuleStatus


class UnknownToken(RulesFailure):
    """A page is asked for that begins with a group which is not there (any more)."""


@dataclass(frozen=True, slots=True)
class RuleFilter:
    """What is wanted; an empty set of names means all of them.

    `matcher_sets`: the rule's labels satisfy one of the sets. `most_groups` above 0 bounds a page, which begins with
    the group that `token` stands for.
    """

    tenant: str
    recording: bool = True
    alerting: bool = True
    names: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    matcher_sets: Sequence[Sequence[Matcher]] = ()
    most_groups: int = 0
    token: str = ""

    def page(self, groups: Iterable[GroupStatus]) -> tuple[list[GroupStatus], str]:
        """The groups that are wanted, with those of their rules that are; and the next page's token, empty at the end.

        Raises UnknownToken.
        """
        mine = [status for status in groups if status.group.tenant == self.tenant]
        if self.token:
            tokens = [token_of(status.group) for status in mine]
            if self.token not in tokens:
                raise UnknownToken(f"invalid group_next_token '{self.token}'. were rule groups changed?")
            mine = mine[tokens.index(self.token) :]
        found = [kept for status in mine if (kept := self._kept(status)).rules]
        if 0 < self.most_groups < len(found):
            return found[: self.most_groups], token_of(found[self.most_groups].group)
        return found, ""

    def _kept(self, status: GroupStatus) -> GroupStatus:
        if (self.files and status.group.file not in self.files) or (
            self.groups and status.group.name not in self.groups
        ):
            return replace(status, rules=())
        return replace(status, rules=[rule for rule in status.rules if self._keeps(rule)])

    def _keeps(self, status: RuleStatus) -> bool:
        wanted = self.alerting if status.is_alerting else self.recording
        if not wanted or (self.names and status.rule.name not in self.names):
            return False
        labels = dict(status.rule.labels)
        return not self.matcher_sets or any(
            all(matcher.matches(labels.get(matcher.name, "")) for matcher in matchers) for matchers in self.matcher_sets
        )


def token_of(group: RuleGroup) -> str:
    """What stands for a group in the links from page to page."""
    return hashlib.sha1(f"{group.file};{group.name}".encode(), usedforsecurity=False).hexdigest()
