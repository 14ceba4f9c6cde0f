"""Which groups and rules are shown."""

from __future__ import annotations

import pytest

from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.rules import (
    AlertingRule,
    GroupStatus,
    RecordingRule,
    RuleFilter,
    RuleGroup,
    RuleStatus,
    UnknownToken,
)


def group(name: str, *names: str, file: str = "a.yml", tenant: str = "default") -> GroupStatus:
    """A group of rules; those in capitals are alerting."""
    rules = tuple(
        AlertingRule(one, "up", labels=(("severity", "page"),)) if one.isupper() else RecordingRule(one, "up")
        for one in names
    )
    return GroupStatus(RuleGroup(name, file, 1000, rules, tenant=tenant), [RuleStatus(rule) for rule in rules])


GROUPS = [group("g", "r", "A"), group("h", "s", file="b.yml"), group("i", "B"), group("o", "x", tenant="other")]


def shown(wanted: RuleFilter) -> dict[str, list[str]]:
    return {status.group.name: [rule.rule.name for rule in status.rules] for status in wanted.page(GROUPS)[0]}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (RuleFilter("default"), {"g": ["r", "A"], "h": ["s"], "i": ["B"]}),
        (RuleFilter("other"), {"o": ["x"]}),
        (RuleFilter("default", recording=False), {"g": ["A"], "i": ["B"]}),
        (RuleFilter("default", alerting=False), {"g": ["r"], "h": ["s"]}),
        (RuleFilter("default", names=frozenset({"A", "s"})), {"g": ["A"], "h": ["s"]}),
        (RuleFilter("default", groups=frozenset({"i"})), {"i": ["B"]}),
        (RuleFilter("default", files=frozenset({"b.yml"})), {"h": ["s"]}),
        (
            RuleFilter("default", matcher_sets=[[Matcher("severity", MatchOp.EQUAL, "page")]]),
            {"g": ["A"], "i": ["B"]},
        ),
    ],
)
def test_only_what_is_wanted_is_shown(wanted, expected):
    assert shown(wanted) == expected


def test_pages_follow_one_another_and_leave_nothing_out():
    token, seen = "", []
    while True:
        page, token = RuleFilter("default", most_groups=1, token=token).page(GROUPS)
        seen += [status.group.name for status in page]
        if not token:
            break
    assert seen == ["g", "h", "i"]


def test_a_page_that_begins_nowhere_is_refused():
    with pytest.raises(UnknownToken, match="were rule groups changed"):
        RuleFilter("default", most_groups=1, token="x").page(GROUPS)
