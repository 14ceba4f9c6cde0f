"""What alerts do to incidents."""

from __future__ import annotations

from ward import RULES, Ward, named

from watchkeeper.oncall.incident import Change, Filter, Status


async def test_an_alert_opens_an_incident_that_says_what_it_is_about(ward: Ward):
    await ward.start()
    await ward.fire("Down", summary="the shop is\nclosed", runbook_url="https://example.org/down")
    one = await ward.one()
    assert (one.id, one.title, one.status) == ("INC-1", "the shop is closed", Status.TRIGGERED)
    assert (one.severity, one.service, named(one)) == ("critical", "shop", ["Down"])
    assert [link.url for link in one.links] == ["https://example.org/down"]
    assert await ward.story("INC-1") == [
        'Down{service="shop", severity="critical"} fires since 2025-11-21 04:40:00 UTC',
        'INC-1 "the shop is closed" was opened by the rule serious for an alert',
    ]


async def test_an_alert_that_no_rule_is_about_opens_none(ward: Ward):
    await ward.start()
    await ward.fire("Slow", severity="warning")
    assert await ward.all() == []


async def test_there_is_one_incident_for_each_group_while_it_is_open(ward: Ward):
    await ward.start()
    await ward.fire("Down")
    await ward.fire("Slow")
    await ward.fire("Down", service="bank")
    bank, shop = await ward.all()
    assert (shop.service, named(shop)) == ("shop", ["Down", "Slow"])
    assert (bank.service, named(bank)) == ("bank", ["Down"])


async def test_it_is_resolved_when_the_last_of_its_alerts_has_ended(ward: Ward):
    await ward.start()
    await ward.fire("Down")
    await ward.fire("Slow")
    await ward.pass_s(60)
    await ward.end("Down")
    assert (await ward.one()).status is Status.TRIGGERED
    await ward.end("Slow")
    one = await ward.one()
    assert (one.status, one.resolved_at, named(one)) == (Status.RESOLVED, ward.clock.ms, ["-Down", "-Slow"])
    assert one.acknowledged_at is None
    assert (await ward.story("INC-1"))[-1] == "INC-1 is resolved: all its alerts have ended"


async def test_an_alert_that_nobody_sends_again_ends_it_too(ward: Ward):
    await ward.start()
    await ward.fire("Down")
    await ward.pass_s(3600)
    assert (await ward.one()).status is Status.RESOLVED


async def test_it_stays_open_where_the_rule_says_that_people_end_it(ward: Ward):
    await ward.start(RULES + "  resolve_automatically: false\n")
    await ward.fire("Down")
    await ward.end("Down")
    one = await ward.one()
    assert (one.status, named(one)) == (Status.TRIGGERED, ["-Down"])


async def test_an_alert_that_soon_fires_again_opens_it_again(ward: Ward):
    await ward.start()
    await ward.fire("Down")
    await ward.end("Down")
    await ward.pass_s(599)
    await ward.fire("Down")
    one = await ward.one()
    assert (one.status, one.resolved_at, named(one)) == (Status.TRIGGERED, None, ["Down"])
    assert (await ward.story("INC-1"))[-1].startswith("INC-1 is open again: Down{")


async def test_an_alert_that_fires_again_later_opens_a_new_one(ward: Ward):
    await ward.start()
    await ward.fire("Down")
    await ward.end("Down")
    await ward.pass_s(601)
    await ward.fire("Down")
    assert [one.status for one in await ward.all()] == [Status.TRIGGERED, Status.RESOLVED]


async def test_what_a_person_has_resolved_stays_so_while_the_same_alert_goes_on(ward: Ward):
    room = await ward.start()
    await ward.fire("Down")
    await room.change("default", "INC-1", Change(status=Status.RESOLVED), "alice")
    await ward.pass_s(60)
    await ward.fire("Down", summary="more is known")
    await ward.stop()
    await ward.start()
    assert (await ward.one()).status is Status.RESOLVED


async def test_a_silenced_alert_opens_one_only_after_its_silence(ward: Ward):
    await ward.start()
    await ward.silence("Down", 60)
    await ward.fire("Down")
    assert await ward.all() == []
    await ward.pass_s(61)
    assert named(await ward.one()) == ["Down"]


async def test_a_rule_that_comes_with_a_reload_holds_for_alerts_that_fire_already(ward: Ward):
    await ward.start("")
    await ward.fire("Down")
    assert await ward.all() == []
    await ward.stop()
    await ward.start()
    assert named(await ward.one()) == ["Down"]


async def test_a_title_is_made_of_what_the_group_has_in_common(ward: Ward):
    title = "title: '{{ .GroupLabels.service }}: {{ len .Alerts }} alerts, {{ .CommonLabels.severity }}'\n"
    await ward.start(f"{RULES}  {title}  severity: sev1\n  team: payments\n  assignee: carol\n")
    await ward.fire("Down")
    one = await ward.one()
    assert (one.title, one.severity, one.team, one.assignee) == (
        "shop: 1 alerts, critical",
        "sev1",
        "payments",
        "carol",
    )


async def test_alerts_acknowledged_elsewhere_acknowledge_their_incident(ward: Ward):
    room = await ward.start()
    down = await ward.fire("Down")
    await ward.fire("Down", service="bank")
    room.following.acknowledged("default", [down], "bob")
    await room.following.round()
    assert [one.status for one in await ward.all()] == [Status.TRIGGERED, Status.ACKNOWLEDGED]


async def test_many_alerts_at_once_open_one_incident_for_each_group(ward: Ward):
    await ward.start()
    far = ward.clock.ms + 3_600_000
    await ward.alerts.post([ward.received(f"A{i}", far, f"s{i % 3}") for i in range(300)], "default")
    await ward.room.following.round()
    assert [(one.id, one.service, len(one.alerts)) for one in await ward.all()] == [
        ("INC-3", "s2", 100),
        ("INC-2", "s1", 100),
        ("INC-1", "s0", 100),
    ]
    assert (await ward.story("INC-1"))[-1] == 'INC-1 "A0 and 99 more" was opened by the rule serious for 100 alerts'


async def test_a_rule_can_ask_for_a_tenant_and_incidents_are_the_tenants_own(ward: Ward):
    await ward.start(RULES.replace('severity="critical"', 'tenant="other"'))
    far = ward.clock.ms + 3_600_000
    for tenant in ("default", "other"):
        await ward.alerts.post([ward.received("Down", far)], tenant)
    await ward.room.following.round()
    assert await ward.all() == []
    assert [one.tenant for one in await ward.room.found(Filter("other"))] == ["other"]


async def test_an_alert_that_is_missing_after_a_start_has_time_to_come_back(ward: Ward):
    await ward.start()
    await ward.fire("Down")
    await ward.stop()
    await ward.start(forget_alerts=True)
    await ward.pass_s(299)
    assert (await ward.one()).is_open
    await ward.fire("Down")
    await ward.pass_s(2)
    assert named(await ward.one()) == ["Down"]
    await ward.stop()
    await ward.start(forget_alerts=True)
    await ward.pass_s(300)
    assert (await ward.one()).status is Status.RESOLVED
