"""What is there again after a restart."""

from __future__ import annotations

import asyncio

import pytest
from pages import Pages
from ward import RULES, Ward, named

from watchkeeper.oncall.incident import ActionItem, By, Change, Filter, Incident, Link, Status
from watchkeeper.store.failure import StoreFailure


@pytest.fixture
def control_url(every_control_url: str) -> str:
    """All of this holds on SQLite and on PostgreSQL."""
    return every_control_url


async def test_an_incident_is_there_after_a_restart_as_it_was(ward: Ward):
    room = await ward.start(RULES + "runbooks: [pack:hera]\n")
    await ward.fire("MemoryLeak", summary="ü")
    await room.tick("default", "INC-1", 1, "bob", done=True)
    change = Change(
        status=Status.ACKNOWLEDGED,
        labels={"k": "v"},
        links=(Link("https://example.org/1", "ticket"),),
        action_items=(ActionItem("more memory"),),
    )
    before = await room.change("default", "INC-1", change, "bob")
    story = await ward.story("INC-1")
    await ward.stop()
    await ward.start()
    assert await ward.one() == before
    assert await ward.story("INC-1") == story
    await ward.end("MemoryLeak")
    assert named(await ward.one()) == ["-MemoryLeak"]


async def test_an_end_that_came_while_nobody_looked_is_seen(ward: Ward):
    await ward.start()
    await ward.fire("Down")
    await ward.room.following.close()
    await ward.alerts.post([ward.received("Down", ward.clock.ms)], "default")
    assert (await ward.one()).is_open
    await ward.stop()
    room = await ward.start()
    assert (await ward.one()).resolved_at == ward.clock.ms
    assert await room.found(Filter(statuses=(Status.TRIGGERED,))) == []


async def test_numbers_go_on_where_they_were_and_are_each_tenants_own(ward: Ward):
    room = await ward.start()
    drafts = [Incident(0, "It burns", 0, tenant=tenant) for tenant in ("default", "default", "other")]
    opened = await asyncio.gather(*(room.create(draft, (), "alice") for draft in drafts))
    assert [one.id for one in opened] == ["INC-1", "INC-2", "INC-1"]
    await ward.stop()
    room = await ward.start()
    assert (await room.create(drafts[0], (), "alice")).id == "INC-3"
    assert (await room.get("other", "INC-1")).tenant == "other"


async def test_statistics_and_filters_hold_on_every_database(ward: Ward):
    room = await ward.start()
    await ward.fire("Down")
    found = await room.found(Filter(severity="critical", service="shop", since=0, until=ward.clock.ms + 1))
    assert [one.id for one in found] == ["INC-1"]
    assert [one.name for one in await room.statistics("default", 0, By.SEVERITY)] == ["critical"]


async def test_what_the_database_has_kept_without_saying_so_is_not_opened_twice(ward: Ward):
    await ward.start()
    await ward.room.following.close()
    await ward.alerts.post([ward.received("Down", ward.clock.ms + 60_000)], "default")
    (held,) = ward.alerts.every()
    ward.room.following.take(held)
    ward.control.breaks = True
    with pytest.raises(StoreFailure):
        await ward.room.following.round()
    ward.control.breaks = False
    await ward.pass_s(1)
    assert named(await ward.one()) == ["Down"]


async def test_a_request_that_comes_twice_is_heard_once_over_a_restart_too(ward: Ward) -> None:
    room = await ward.start()
    first, other = await ward.fire("Down"), await ward.fire("Slow")
    draft = Incident(0, "Nobody can pay", 0)
    opened = await room.create(draft, (), "alice", "one")
    await room.note("default", "INC-1", "on it", "bob", request="two")
    apart = await room.split("default", "INC-1", [first], "", "bob", request="three")
    await ward.stop()
    room = await ward.start()
    assert await room.create(draft, (), "alice", "one") == opened
    await room.note("default", "INC-1", "on it", "bob", request="two")
    assert (await room.split("default", "INC-1", [first], "", "bob", request="three")).id == apart.id
    assert [one.id for one in await ward.all()] == ["INC-3", "INC-2", "INC-1"]
    assert (await ward.story("INC-1")).count("on it") == 1
    await room.note("default", "INC-1", "on it", "bob", request="four")
    assert (await ward.story("INC-1")).count("on it") == 2
    ward.clock.ms += 86_400_001
    await room.note("default", "INC-1", "done", "bob", request="five")
    await room.note("default", "INC-1", "on it", "bob", request="two")
    assert (await ward.story("INC-1")).count("on it") == 3
    assert other in [alert.fingerprint for alert in (await room.get("default", "INC-1")).alerts]


async def test_a_note_with_characters_that_no_database_keeps_is_kept_without_them(pages: Pages) -> None:
    await pages.ward.room.create(Incident(0, "Nobody can pay", 0), (), "alice")
    assert (await pages.send("/incidents/INC-1", "timeline", "note", text="we \0roll back")).status == 303
    assert "we roll back" in await pages.ward.story("INC-1")
