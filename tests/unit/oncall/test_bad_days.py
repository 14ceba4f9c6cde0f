"""What escalation does when the database, the clock or the order of things is against it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from oncall_workshop import GROUP, PEOPLE, T0, alert, flush, moved

from watchkeeper.journal import Search
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.oncall.escalation.escalation import State

CHAIN = (
    PEOPLE
    + """
escalation_policies:
- name: p
  steps:
  - notify: [person:bob]
  - {notify: [lead-of:web], after: 10m}
  - {notify: [receiver:chat], after: 20m}
"""
)
BOB, CAROL = "person/bob/push", "person/carol/push"


class Hands:
    """Who has which alerts in hand."""

    def __init__(self, *alerts: Any) -> None:
        self.alerts = {fingerprint(one.labels) for one in alerts}

    def __call__(self, tenant: str, group_key: str, firing: Collection[str]) -> str:
        return "alice" if self.alerts.issuperset(firing) and self.alerts else ""


async def test_what_is_over_while_the_database_takes_nothing_does_not_come_back(desk: Any, control: Any) -> None:
    async with desk(CHAIN) as room:
        assert await room.page(alert()) == [BOB]
        await control.run([("ALTER TABLE oncall_escalations RENAME TO away", [{}])])
        moved(room.clock, 1)
        assert await room.page(alert(ended_at=room.clock.ms)) == [f"{BOB} ✓"]
        await control.run([("ALTER TABLE away RENAME TO oncall_escalations", [{}])])
        await room.told_now()
    async with desk(CHAIN) as room:
        assert await room.after(60) == []
        assert room.room.escalations.live() == []


async def test_what_the_database_did_not_take_is_recorded_once_it_takes_something(desk: Any, control: Any) -> None:
    async with desk(CHAIN) as room:
        await control.run([("ALTER TABLE oncall_escalations RENAME TO away", [{}])])
        await room.page(alert())
        await control.run([("ALTER TABLE away RENAME TO oncall_escalations", [{}])])
        assert await room.recorded() == [
            "Escalation by policy p begins",
            "Step 1 of policy p: person/bob/push",
        ]


async def test_a_group_that_somebody_has_in_hand_before_it_is_paged_is_not_escalated(desk: Any) -> None:
    async with desk(CHAIN) as room:
        room.room.escalations.heed(Hands(alert()))
        assert await room.page(alert()) == []
        assert await room.after(60) == []
        assert (await room.recorded())[-1] == "Escalation stops: alice has acknowledged"
        assert await room.page(alert(), alert("b")) == [BOB]


async def test_a_new_alert_that_is_acknowledged_before_it_is_paged_starts_nothing_anew(desk: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert())
        hands = Hands(alert(), alert("b"))
        room.room.escalations.heed(hands)
        await room.room.escalations.acknowledged("default", GROUP, "alice")
        assert await room.page(alert(), alert("b")) == []


async def test_an_acknowledgement_just_before_the_end_of_the_process_stops_what_escalates(desk: Any) -> None:
    async with desk(CHAIN) as room:
        assert await room.page(alert()) == [BOB]
    async with desk(CHAIN) as room:
        room.room.escalations.heed(Hands(alert()))
        room.room.start()
        assert await room.after(60) == []
        (one,) = room.room.escalations.live()
        assert (one.state, one.acknowledged_by) == (State.ACKNOWLEDGED, "alice")


async def test_an_acknowledgement_that_ended_just_before_the_process_did_holds_nobody_back(desk: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert())
        await room.room.escalations.acknowledged("default", GROUP, "alice")
    async with desk(CHAIN) as room:
        room.room.escalations.heed(Hands())
        room.room.start()
        assert await room.told_now() == [BOB]


async def test_a_clock_that_is_set_back_an_hour_delays_no_step(desk: Any) -> None:
    async with desk(CHAIN) as room:
        assert await room.page(alert()) == [BOB]
        room.clock.ms -= 3_600_000
        assert await room.told_now() == []
        assert await room.after(10) == [CAROL]
        assert await room.after(20) == ["chat"]


async def test_a_clock_that_is_set_forward_a_day_takes_one_step_and_no_storm(desk: Any) -> None:
    async with desk(CHAIN) as room:
        assert await room.page(alert()) == [BOB]
        moved(room.clock, 24 * 60)
        assert await room.told_now() == [CAROL]
        assert await room.after(20) == ["chat"]


async def test_a_thousand_groups_at_once_are_each_told_in_few_transactions(desk: Any, control: Any) -> None:
    async with desk(CHAIN) as room:
        runs, run = 0, control.run

        async def counted(steps: Any) -> None:
            nonlocal runs
            runs += any("escalations" in statement for statement, _ in steps)
            await run(steps)

        control.run = counted
        flushes = [flush(alert(), at=T0, key=str(i)) for i in range(1000)]
        await asyncio.gather(*(room.room.escalations.page("p", one, again=False) for one in flushes))
        assert runs < 10  # the first, all who came meanwhile, and perhaps some who have been told already
        assert await room.told_now() == [BOB] * 1000
        moved(room.clock, 10)
        assert await room.told_now() == [CAROL] * 1000
        begun = await room.journal.find(Search(kinds=("escalation.begun",), limit=2000))
        assert len({entry.group_key for entry in begun}) == 1000


async def test_what_begins_just_after_the_clock_was_set_back_is_not_hurried(desk: Any) -> None:
    async with desk(CHAIN) as room:
        room.clock.ms -= 3_600_000
        assert await room.page(alert()) == [BOB]
        assert await room.after(10) == [CAROL]
