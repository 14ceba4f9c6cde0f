"""What people do about incidents."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ward import RULES, Ward, named

from watchkeeper.oncall.incident import (
    ActionItem,
    By,
    Change,
    Deployment,
    Filter,
    Incident,
    IncidentConflict,
    InvalidIncident,
    Status,
    UnknownIncident,
    postmortem,
)

RUNBOOKS = RULES + "runbooks: [pack:hera]\n"


async def opened(ward: Ward, title: str = "It burns", service: str = "shop") -> Incident:
    return await ward.room.create(Incident(0, title, 0, service=service, severity="high"), (), "alice")


async def test_a_person_opens_one_about_alerts_that_fire(ward: Ward):
    await ward.start("")
    down = await ward.fire("Down")
    one = await ward.room.create(Incident(0, "It burns", 0), [down, down], "alice")
    assert (one.id, one.opened_by, named(one)) == ("INC-1", "alice", ["Down"])
    assert await ward.room.get("default", "inc-1") == one
    assert (await ward.story("INC-1"))[-1] == 'INC-1 "It burns" was opened by alice'
    with pytest.raises(InvalidIncident, match='there is no alert "0000"'):
        await ward.room.create(Incident(0, "It burns", 0), ["0000"], "alice")


async def test_each_change_is_a_sentence_and_what_is_so_already_says_nothing(ward: Ward):
    await ward.start()
    await opened(ward)
    change = Change(severity="critical", assignee="bob", commander="carol", impact="Nobody can pay.", title="It burns")
    for _ in range(2):
        one = await ward.room.change("default", "INC-1", change, "alice")
    assert (one.severity, one.assignee, one.commander) == ("critical", "bob", "carol")
    assert (await ward.story("INC-1"))[1:] == [
        'alice made "critical" the severity of INC-1, which was "high"',
        'alice made "bob" the assignee of INC-1',
        'alice made "carol" the commander of INC-1',
        "alice wrote the impact of INC-1",
    ]


async def test_the_first_who_takes_it_up_counts_and_resolving_twice_is_harmless(ward: Ward):
    await ward.start()
    begun = (await opened(ward)).triggered_at
    for seconds, status in (
        (60, Status.ACKNOWLEDGED),
        (60, Status.MITIGATED),
        (60, Status.RESOLVED),
        (60, Status.RESOLVED),
    ):
        await ward.pass_s(seconds)
        one = await ward.room.change("default", "INC-1", Change(status=status), "bob")
    times = (one.acknowledged_at, one.mitigated_at, one.resolved_at)
    assert times == (begun + 60_000, begun + 120_000, begun + 180_000)
    assert (await ward.story("INC-1"))[1:] == ["bob acknowledged INC-1", "bob mitigated INC-1", "bob resolved INC-1"]
    again = await ward.room.change("default", "INC-1", Change(status=Status.TRIGGERED), "carol")
    assert (again.is_open, again.resolved_at) == (True, None)
    assert (await ward.story("INC-1"))[-1] == "carol reopened INC-1"


async def test_notes_and_deployments_of_its_service_stand_in_the_timeline(ward: Ward):
    room = await ward.start()
    now = ward.clock.ms
    await room.deployed(Deployment("shop", "1.2", now - 1000, "production", by="carol"))
    await room.deployed(Deployment("bank", "7", now - 1000))
    await room.deployed(Deployment("shop", "0.9", now - 3 * 3_600_000))
    await opened(ward)
    await room.note("default", "INC-1", "we roll back", "bob", "slack")
    assert await ward.story("INC-1") == [
        "carol deployed shop 1.2 to production",
        'INC-1 "It burns" was opened by alice',
        "we roll back",
    ]


async def test_a_runbooks_steps_are_ticked_for_each_incident(ward: Ward):
    room = await ward.start(RUNBOOKS)
    await ward.fire("MemoryLeak")
    one = await room.tick("default", "INC-1", 2, "bob", done=True)
    assert (one.runbook, [tick.by for tick in one.ticks]) == ("memory-leak", ["bob"])
    assert await room.tick("default", "INC-1", 2, "carol", done=True) == one
    assert (await room.tick("default", "INC-1", 2, "carol", done=False)).ticks == ()
    with pytest.raises(UnknownIncident, match="INC-1 has 9 steps: there is no step 10"):
        await room.tick("default", "INC-1", 10, "bob", done=True)
    with pytest.raises(InvalidIncident, match='did you mean "memory-leak"'):
        await room.change("default", "INC-1", Change(runbook="memory-lek"), "bob")


async def test_merging_moves_alerts_and_timeline_and_leaves_a_pointer(ward: Ward):
    room = await ward.start()
    await ward.fire("Down")
    await ward.fire("Down", service="bank")
    await room.note("default", "INC-2", "the bank, too", "bob")
    whole = await room.merge("default", "INC-1", "INC-2", "alice")
    part = await room.get("default", "INC-2")
    assert ([one.labels["service"] for one in whole.alerts], whole.merged) == (["bank", "shop"], ("INC-2",))
    assert (part.status, part.merged_into, part.alerts) == (Status.RESOLVED, "INC-1", ())
    assert "the bank, too" in await ward.story("INC-1")
    assert await room.merge("default", "INC-1", "INC-2", "alice") == whole
    with pytest.raises(IncidentConflict, match="INC-2 has become part of INC-1: change that one"):
        await room.change("default", "INC-2", Change(title="other"), "bob")
    with pytest.raises(IncidentConflict, match="into itself"):
        await room.merge("default", "INC-1", "INC-1", "bob")


async def test_alerts_of_a_merged_incidents_group_join_the_one_that_it_is_part_of(ward: Ward):
    room = await ward.start()
    await ward.fire("Down")
    await ward.fire("Down", service="bank")
    await room.merge("default", "INC-1", "INC-2", "alice")
    await ward.fire("Slow", service="bank")
    assert sorted(named(await room.get("default", "INC-1"))) == ["Down", "Down", "Slow"]
    assert len(await ward.all()) == 2


async def test_splitting_makes_an_incident_of_some_alerts(ward: Ward):
    room = await ward.start()
    await ward.fire("Down")
    slow = await ward.fire("Slow")
    new = await room.split("default", "INC-1", [slow], "", "alice")
    old = await room.get("default", "INC-1")
    assert (new.id, named(new), named(old), new.service) == ("INC-2", ["Slow"], ["Down"], "shop")
    await ward.end("Slow")
    assert [one.status for one in await ward.all()] == [Status.RESOLVED, Status.TRIGGERED]
    with pytest.raises(IncidentConflict, match="nothing would be left"):
        await room.split("default", "INC-1", [one.fingerprint for one in old.alerts], "", "alice")
    with pytest.raises(InvalidIncident, match='INC-1 has no alert "ffff"'):
        await room.split("default", "INC-1", ["ffff"], "", "alice")


async def test_filters_find_what_they_name_and_pages_follow_each_other(ward: Ward):
    room = await ward.start()
    for service in ("shop", "bank", "shop"):
        await opened(ward, service=service)
    await room.change("default", "INC-3", Change(status=Status.RESOLVED), "bob")
    ids = [
        [one.id for one in await room.found(each)]
        for each in (
            Filter(service="shop"),
            Filter(statuses=(Status.TRIGGERED,)),
            Filter(limit=2),
            Filter(before=2),
            Filter("other"),
        )
    ]
    assert ids == [["INC-3", "INC-1"], ["INC-2", "INC-1"], ["INC-3", "INC-2"], ["INC-1"], []]


async def test_mean_times_are_told_by_service(ward: Ward):
    room = await ward.start()
    for minutes in (1, 3):
        one = await opened(ward)
        await ward.pass_s(minutes * 60)
        await room.change("default", one.id, Change(status=Status.ACKNOWLEDGED), "bob")
        await ward.pass_s(600)
        await room.change("default", one.id, Change(status=Status.RESOLVED), "bob")
    await opened(ward, service="bank")
    shop, bank = await room.statistics("default", 0, By.SERVICE)
    assert (shop.name, shop.incidents, shop.open, shop.resolved) == ("shop", 2, 0, 2)
    assert (shop.mean_to_acknowledge_s, shop.mean_to_resolve_s) == (120, 720)
    assert (bank.name, bank.open, bank.mean_to_acknowledge_s) == ("bank", 1, None)
    assert await room.statistics("default", ward.clock.ms + 1, By.SERVICE) == []


async def test_the_post_mortem_tells_the_whole_story(ward: Ward):
    room = await ward.start(RUNBOOKS)
    await ward.fire("MemoryLeak", summary="Memory *grows*")
    await ward.pass_s(90)
    await room.tick("default", "INC-1", 1, "bob", done=True)
    items = (ActionItem("limit the cache", "dave"), ActionItem("tell people", "", True, "https://example.org/1"))
    change = Change(status=Status.ACKNOWLEDGED, impact="Pages are slow.", commander="alice", action_items=items)
    await room.change("default", "INC-1", change, "bob")
    await room.note("default", "INC-1", "a | b\n<script>", "carol")
    await ward.pass_s(90)
    await ward.end("MemoryLeak")
    one, (figures,) = await ward.one(), await room.statistics("default", 0, By.SERVICE)
    text = postmortem(one, await room.timeline(one), room.runbook_of(one), figures, ward.clock.ms)
    for expected in (
        "# INC-1: Memory \\*grows\\*",
        "- **Lasted:** 3m",
        "Pages are slow.",
        "- **Commander:** alice",
        "- **To acknowledge:** 1m30s",
        "- **shop in 90 days:** 1 incidents, mean time to acknowledge 1m30s, to resolve 3m",
        "| Note: a \\| b \\<script\\> | carol |",
        "- [x] Look at the trend of `hera_memory_usage_bytes`",
        "- [ ] Analyze heap dumps",
        "- [ ] limit the cache (dave)",
        "- [x] [tell people](<https://example.org/1>)",
        "INC-1 is resolved: all its alerts have ended",
    ):
        assert expected in text


async def test_a_summary_that_is_taken_back_is_gone(ward: Ward):
    await ward.start()
    one = await opened(ward)
    assert await ward.room.change("default", one.id, Change(severity=""), "bob") == replace(one, severity="")
    assert (await ward.story("INC-1"))[-1] == 'bob took the severity "high" from INC-1'


async def test_an_alert_that_was_taken_out_comes_back_to_its_incident_and_others_do_not(ward: Ward):
    room = await ward.start(RULES + "  resolve_automatically: false\n")
    await ward.fire("Down")
    slow = await ward.fire("Slow")
    await room.split("default", "INC-1", [slow], "", "alice")
    await ward.end("Slow")
    await ward.fire("Slow")
    await ward.fire("Wrong")
    assert [named(one) for one in await ward.all()] == [["Slow"], ["Down", "Wrong"]]


async def test_what_others_have_changed_meanwhile_is_not_changed_over_their_heads(ward: Ward) -> None:
    room = await ward.start()
    await room.create(Incident(0, "Nobody can pay", 0), (), "alice")
    await room.change("default", "INC-1", Change(assignee="bob"), "bob", {"assignee": ""})
    with pytest.raises(IncidentConflict, match='the assignee of INC-1 has become "bob" since'):
        await room.change("default", "INC-1", Change(assignee="alice"), "alice", {"assignee": ""})
    again = await room.change("default", "INC-1", Change(assignee="bob"), "bob", {"assignee": ""})
    assert again.assignee == "bob"
    assert (await room.change("default", "INC-1", Change(assignee="alice"), "alice", {"assignee": "bob"})).assignee


async def test_the_timeline_of_a_long_incident_still_has_its_beginning(ward: Ward) -> None:
    await ward.start(RULES)
    await opened(ward)
    for number in range(1100):
        await ward.room.note("default", "INC-1", f"note {number}", "bob")
    story = await ward.story("INC-1")
    assert len(story) == 1101
    assert story[0] == 'INC-1 "It burns" was opened by alice'
