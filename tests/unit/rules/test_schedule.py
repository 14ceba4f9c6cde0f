"""When groups are due."""

from __future__ import annotations

import pytest

from watchkeeper.rules import RuleGroup
from watchkeeper.rules.schedule import first_due, next_due


def group(name: str = "g", interval_ms: int = 15_000) -> RuleGroup:
    return RuleGroup(name, "r.yml", interval_ms, ())


def test_a_group_is_due_within_an_interval_from_now_and_always_at_the_same_place():
    now = 1_763_700_000_000
    due = [first_due(group(), now + shift) for shift in range(0, 60_000, 7_000)]
    assert len({at % 15_000 for at in due}) == 1
    assert all(0 < at - (now + shift) <= 15_000 for at, shift in zip(due, range(0, 60_000, 7_000), strict=True))


def test_groups_are_spread_over_the_interval():
    places = {first_due(group(f"g{i}"), 0) // 1000 for i in range(200)}
    assert len(places) == 15


@pytest.mark.parametrize(
    ("now", "due", "missed"),
    [(100_001, 115_000, 0), (114_999, 115_000, 0), (115_500, 115_000, 0), (147_000, 145_000, 2)],
)
def test_rounds_that_took_too_long_cost_the_ones_after_them(now, due, missed):
    assert next_due(group(), 100_000, now) == (due, missed)


def test_a_clock_that_was_set_back_is_followed():
    back = 1_000_000
    due, missed = next_due(group(), 100_000_000, back)
    assert (due, missed) == (first_due(group(), back), 0)
