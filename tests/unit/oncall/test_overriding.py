"""Overrides, swaps and hand-overs that cannot be meant are refused, and say what would be right."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from oncall_workshop import PEOPLE, configured, ms

from watchkeeper.oncall import OnCallFailure
from watchkeeper.oncall.escalation.policy import read_target
from watchkeeper.oncall.schedule.override import Override

ROTATION = (
    PEOPLE
    + """
schedules:
- {name: primary, layers: [{rotation: weekly, start: 2025-01-06, people: [alice, bob]}]}
- {name: later, layers: [{rotation: daily, start: 2035-01-01, people: [alice]}]}
"""
)
# Alice has the week from the 24th of November 2025 on, Bob the one from the 1st of December on.
ALICES, BOBS = (ms("2025-11-24"), ms("2025-12-01")), (ms("2025-12-01"), ms("2025-12-08"))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            Override("carol", *BOBS, "alice"),
            "alice has no shift of schedule primary from 2025-12-01T00:00Z until .*: bob has",
        ),
        (Override("carol", *ALICES, "carol"), "carol cannot replace themselves: somebody else would be right"),
        (Override("carol", 0, 1000), "it ends at 1970-01-01T00:00Z, which is over: a later end would be right"),
        (Override("zoe", *ALICES), 'there is no person "zoe": there are alice, bob, carol, dave'),
    ],
)
async def test_an_override_that_changes_nothing_is_refused(desk: Any, override: Override, said: str) -> None:
    async with desk(ROTATION) as room:
        with pytest.raises(OnCallFailure, match=said):
            await room.room.override("primary", override)
        assert room.room.schedule("primary").overrides == ()


async def test_both_halves_of_a_swap_need_their_shifts(desk: Any) -> None:
    async with desk(ROTATION) as room:
        mine = Override("bob", *ALICES, "alice")
        with pytest.raises(OnCallFailure, match=r"bob has no shift of schedule primary .*: alice has"):
            await room.room.swap("primary", mine, Override("alice", *ALICES, "bob"))
        assert room.room.schedule("primary").overrides == ()
        await room.room.swap("primary", mine, Override("alice", *BOBS, "bob"))
        assert room.room.schedule("primary").who(ALICES[0]) == ("bob",)


async def test_overrides_may_lie_over_each_other_and_the_later_goes_first(desk: Any) -> None:
    async with desk(ROTATION) as room:
        await room.room.override("primary", Override("carol", *ALICES))
        await room.room.override("primary", Override("bob", *ALICES, "carol"))
        assert room.room.schedule("primary").who(ALICES[0]) == ("bob",)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("schedule:later", 'nobody would hear that it is handed over to "schedule:later": there is nobody now'),
        ("person:dave", "dave cannot be told by any contact"),
        ("person:zoe", "there are alice, bob, carol, dave"),
        ("team:webb", 'did you mean "web"'),
        ("receiver:chat", "person:NAME, schedule:NAME, team:NAME or lead-of:NAME would be right"),
    ],
)
async def test_nothing_is_handed_over_to_whom_nobody_can_tell(desk: Any, target: str, said: str) -> None:
    async with desk(ROTATION) as room:
        with pytest.raises(OnCallFailure, match=said):
            room.room.check_target(read_target(target))


def test_an_override_of_a_file_that_changes_nothing_is_pointed_at() -> None:
    override = "overrides: [{person: carol, replaces: NAME, start: 2025-12-01T00:00, end: 2025-12-08T00:00}]"
    text = ROTATION.replace("people: [alice, bob]}]", f"people: [alice, bob]}}], {override}")
    assert configured(text.replace("NAME", "bob")).warnings == ()
    [warning] = configured(text.replace("NAME", "alice")).warnings
    assert "schedules[0].overrides[0].replaces: alice has no shift of schedule primary" in str(warning)
    assert str(warning).endswith("bob has")
