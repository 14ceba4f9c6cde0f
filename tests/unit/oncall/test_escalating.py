"""Who is told, and when, while nobody acknowledges."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from oncall_workshop import MINUTE_MS, PEOPLE, T0, alert, flush, moved

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.oncall.escalation.escalation import State
from watchkeeper.oncall.escalation.policy import read_target

CHAIN = (
    PEOPLE
    + """
schedules:
- {name: primary, layers: [{rotation: weekly, start: 2025-01-06, people: [alice]}]}
- {name: empty, layers: [{rotation: daily, start: 2035-01-01, people: [alice]}]}
escalation_policies:
- name: p
  steps:
  - notify: [schedule:primary]
  - {notify: [lead-of:web], after: 10m}
  - {notify: [receiver:chat], after: 20m}
"""
)
ALICE_NOW, ALICE_LATER, BOB, CAROL = (
    "person/alice/push",
    "person/alice/sms",
    "person/bob/push",
    "person/carol/push",
)


async def test_a_chain_is_climbed_step_by_step_and_a_person_is_told_by_their_rules(desk: Any) -> None:
    async with desk(CHAIN) as room:
        assert await room.page(alert()) == [ALICE_NOW]
        assert await room.after(5) == [ALICE_LATER]
        assert await room.after(5) == [CAROL]
        assert await room.after(20) == ["chat"]
        (one,) = room.room.escalations.live()
        assert one.state is State.EXHAUSTED
        assert await room.recorded() == [
            "Escalation by policy p begins",
            "Step 1 of policy p: person/alice/push, person/alice/sms (in 5m)",
            "Step 2 of policy p: person/carol/push",
            "Step 3 of policy p: chat",
        ]


async def test_an_acknowledgement_stops_everything_and_its_end_tells_the_last_step_again(desk: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert())
        await room.room.escalations.acknowledged("default", '{}:{alertname="Hot"}', "alice")
        assert await room.after(60) == []
        await room.room.escalations.released("default", '{}:{alertname="Hot"}')
        assert await room.told_now() == [ALICE_NOW]
        assert await room.after(5) == [ALICE_LATER]
        assert await room.after(5) == [CAROL]


async def test_a_new_alert_starts_an_acknowledged_escalation_anew_and_known_ones_do_not(desk: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert("a"))
        await room.room.escalations.acknowledged("default", '{}:{alertname="Hot"}', "alice")
        assert await room.page(alert("a")) == []
        assert await room.page(alert("a"), alert("b")) == [ALICE_NOW]


async def test_alerts_that_join_while_it_escalates_do_not_start_it_anew(desk: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert("a"))
        moved(room.clock, 9)
        assert await room.page(alert("a"), alert("b")) == [ALICE_LATER]
        assert await room.after(1) == [CAROL]


async def test_those_who_were_told_are_told_of_the_end_and_nobody_else(desk: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert())
        moved(room.clock, 1)
        assert await room.page(alert(ended_at=room.clock.ms)) == [f"{ALICE_NOW} ✓"]
        assert room.room.escalations.live() == []
        assert await room.after(60) == []


async def test_an_alert_still_fires_long_after_the_notification_that_began_it(desk: Any, told: Any) -> None:
    async with desk(CHAIN) as room:
        await room.room.escalations.page(
            "p", flush(alert(ended_at=room.clock.ms + 4 * MINUTE_MS), at=room.clock.ms), again=False
        )
        await room.room.escalations.settle()
        moved(room.clock, 10)
        await room.room.escalations.advance()
        await room.room.escalations.settle()
        assert told.take() == [ALICE_NOW, ALICE_LATER, CAROL]


async def test_an_exhausted_policy_rests_until_the_group_is_told_again(desk: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert())
        for _ in range(3):
            moved(room.clock, 30)
            await room.told_now()
        assert await room.page(alert()) == []
        assert await room.page(alert(), again=True) == [ALICE_NOW]


async def test_a_policy_is_repeated(desk: Any) -> None:
    text = PEOPLE + "escalation_policies: [{name: p, repeat: 1, repeat_after: 15m, steps: [{notify: [person:bob]}]}]"
    async with desk(text) as room:
        assert await room.page(alert()) == [BOB]
        assert await room.after(15) == [BOB]
        assert await room.after(60) == []


async def test_a_schedule_with_nobody_goes_to_the_fallback_which_says_so(desk: Any, told: Any) -> None:
    text = CHAIN.replace("schedule:primary", "schedule:empty") + "  fallback: [person:bob]\n"
    async with desk(text) as room:
        await room.room.escalations.page("p", _flush(room), again=False)
        await room.room.escalations.settle()
        ((receiver, body),) = told.bodies
        assert receiver == BOB
        assert body["alerts"][0]["annotations"] == {
            "summary": "Step 1 of policy p finds nobody to tell by schedule:empty. too hot",
            "escalation": "Step 1 of policy p finds nobody to tell by schedule:empty",
        }
        assert room.figure("watchkeeper_oncall_gap", schedule="empty") == 1
        assert room.figure("watchkeeper_oncall_gap", schedule="primary") == 0
        assert room.figure("watchkeeper_oncall_uncovered_steps_total", policy="p") == 1
        said = "Step 1 of policy p finds nobody to tell by schedule:empty: the fallback is told: person/bob/push"
        assert said in await room.recorded()


async def test_without_a_fallback_the_next_step_is_told_at_once_and_says_why(desk: Any, told: Any) -> None:
    async with desk(CHAIN.replace("schedule:primary", "schedule:empty")) as room:
        await room.room.escalations.page("p", _flush(room), again=False)
        await room.room.escalations.settle()
        assert [receiver for receiver, _ in told.bodies] == [CAROL]
        assert "finds nobody to tell by schedule:empty" in told.take_texts()[0]


async def test_a_person_without_contacts_counts_as_nobody(desk: Any) -> None:
    text = PEOPLE + "escalation_policies: [{name: p, steps: [{notify: [person:dave]}], fallback: [receiver:chat]}]"
    async with desk(text) as room:
        assert await room.page(alert()) == ["chat"]


async def test_steps_are_for_severities_and_an_alert_that_none_fits_goes_to_the_fallback(desk: Any) -> None:
    text = (
        PEOPLE
        + """
escalation_policies:
- name: p
  steps: [{notify: [person:bob], severities: [critical]}, {notify: [person:carol], severities: [warning]}]
  fallback: [receiver:chat]
"""
    )
    async with desk(text) as room:
        assert await room.page(alert(severity="warning"), key="w") == [CAROL]
        assert await room.page(alert(severity="critical"), key="c") == [BOB]
        assert await room.page(alert(severity="info"), key="i") == ["chat"]


VOCABULARY = """
severities:
  label: priority
  levels: [{name: p1, aliases: [P1, critical]}, {name: p2, aliases: [P2]}]
"""


async def test_steps_and_rules_go_by_the_severities_that_are_configured(desk: Any) -> None:
    text = """
people:
- name: alice
  contacts:
  - {name: push, webhook_configs: [{url: "URL/person/alice/push"}]}
  - {name: call, webhook_configs: [{url: "URL/person/alice/call"}]}
  rules: [{contact: push, severities: [P2]}, {contact: call, severities: [P1]}]
- {name: bob, contacts: [{name: push, webhook_configs: [{url: "URL/person/bob/push"}]}]}
escalation_policies:
- name: p
  steps: [{notify: [person:alice], severities: [p1, critical]}, {notify: [person:bob], severities: [p2]}]
  fallback: [person:bob, person:alice]
"""
    async with desk(text + VOCABULARY) as room:
        labels = {"alertname": "Hot", "severity": "p2"}

        def of(priority: str) -> Alert:
            return replace(alert(), labels=Labels({**labels, "priority": priority}))

        assert await room.page(of("critical"), key="1") == ["person/alice/call"]
        assert await room.page(of("P1"), key="2") == ["person/alice/call"]
        assert await room.page(of("P2"), key="3") == [BOB]
        assert await room.page(of("p9"), key="4") == ["person/alice/push", BOB]
        assert "No step of policy p is for these alerts (priority: p9)" in "".join(await room.recorded())


async def test_quiet_hours_put_off_what_is_neither_urgent_nor_by_an_important_rule(desk: Any) -> None:
    quiet = """
people:
- name: alice
  contacts:
  - {name: push, webhook_configs: [{url: "URL/person/alice/push"}]}
  - {name: call, webhook_configs: [{url: "URL/person/alice/call"}]}
  rules: [{contact: push}, {contact: call, after: 5m, important: true}]
  quiet_hours: [{start_time: "00:00", end_time: "05:00"}]
escalation_policies: [{name: p, URGENT steps: [{notify: [person:alice]}]}]
"""
    async with desk(quiet.replace("URGENT", "")) as room:
        # 04:40 UTC; the quiet hours end at 05:00.
        assert await room.page(alert()) == []
        assert await room.after(5) == ["person/alice/call"]
        assert await room.after(15) == ["person/alice/push"]
    async with desk(quiet.replace("URGENT", "urgent: true,")) as room:
        room.clock.ms = T0 + 86_400_000
        assert await room.page(alert(), key="urgent") == ["person/alice/push"]


async def test_where_a_contact_fails_the_next_one_is_told_at_once_and_the_last_is_tried_again(
    desk: Any, told: Any
) -> None:
    told.broken = {ALICE_NOW, ALICE_LATER}
    async with desk(CHAIN) as room:
        assert await room.page(alert()) == [ALICE_NOW]
        assert await room.told_now() == [ALICE_LATER]
        assert await room.after(1) == [ALICE_LATER]
        told.broken = set()
        assert await room.after(1) == [ALICE_LATER]
        assert await room.after(8) == [CAROL]
        assert await room.page(alert(ended_at=room.clock.ms)) == [f"{ALICE_LATER} ✓", f"{CAROL} ✓"]


async def test_it_is_handed_over_and_the_chain_waits_for_whoever_has_it_now(desk: Any, told: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert())
        moved(room.clock, 4)
        (one,) = room.room.escalations.live()
        await room.room.escalations.assign(one.id, read_target("person:bob"), "alice")
        await room.room.escalations.settle()
        assert told.take_texts() == ["alice hands this over to you. too hot"]
        assert await room.after(10) == [CAROL]


async def test_it_can_be_resolved_by_hand(desk: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert())
        (one,) = room.room.escalations.live()
        await room.room.escalations.resolve(one.id, "alice")
        assert await room.told_now() == [f"{ALICE_NOW} ✓"]
        assert (await room.recorded())[-1] == "Escalation ends: alice has resolved it"


async def test_an_escalation_survives_a_restart_at_any_point(desk: Any, told: Any, clock: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert())
    moved(clock, 10)
    async with desk(CHAIN) as room:
        assert await room.told_now() == [ALICE_LATER, CAROL]
    async with desk(CHAIN) as room:
        assert await room.told_now() == []
        assert await room.page(alert(ended_at=clock.ms)) == [f"{ALICE_NOW} ✓", f"{ALICE_LATER} ✓", f"{CAROL} ✓"]
    async with desk(CHAIN) as room:
        assert room.room.escalations.live() == []


async def test_what_was_being_told_when_the_process_ended_is_told_again(desk: Any, told: Any) -> None:
    async with desk(CHAIN) as room:
        await room.room.escalations.page("p", _flush(room), again=False)
        # Committed, and cut off before anybody was told.
    told.take()
    async with desk(CHAIN) as room:
        assert await room.told_now() == [ALICE_NOW]


async def test_a_policy_that_a_reload_removes_stops_its_escalations_loudly(desk: Any) -> None:
    async with desk(CHAIN) as room:
        await room.page(alert())
    async with desk(PEOPLE) as room:
        moved(room.clock, 10)
        await room.told_now()
        assert "Escalation stops: there is no policy p any more" in await room.recorded()


async def test_a_receiver_with_a_policy_hands_its_notifications_over(desk: Any) -> None:
    text = CHAIN.replace("receivers: [", "receivers: [{name: on-call, escalation_configs: [{policy: p}]}, ")
    async with desk(text) as room:
        assert await room.notify.notify(replace(flush(alert(), at=room.clock.ms), receiver="on-call"))
        assert await room.told_now() == [ALICE_NOW]
        moved(room.clock, 1)
        ended = flush(alert(ended_at=room.clock.ms), at=room.clock.ms)
        assert await room.notify.notify(replace(ended, receiver="on-call"))
        assert await room.told_now() == [f"{ALICE_NOW} ✓"]


async def test_escalation_goes_on_in_memory_while_the_database_takes_nothing_and_is_kept_afterwards(
    desk: Any, control: Any
) -> None:
    async with desk(CHAIN) as room:
        await control.run([("ALTER TABLE oncall_escalations RENAME TO away", [{}])])
        assert await room.page(alert()) == [ALICE_NOW]
        assert await room.after(5) == [ALICE_LATER]
        assert room.figure("watchkeeper_oncall_failures_total") > 0
        await control.run([("ALTER TABLE away RENAME TO oncall_escalations", [{}])])
        assert await room.told_now() == []
    async with desk(CHAIN) as room:
        assert await room.after(5) == [CAROL]


async def test_many_groups_are_each_told_once(desk: Any) -> None:
    async with desk(CHAIN) as room:
        for i in range(200):
            await room.room.escalations.page("p", _flush(room, key=str(i)), again=False)
        assert await room.told_now() == [ALICE_NOW] * 200


def _flush(room: Any, key: str = "g") -> Any:
    return flush(alert(), at=room.clock.ms, key=key)
