"""What people do about incidents in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from pages import encoded, fields_of

from watchkeeper.oncall.incident import Change, Incident, Status

if TYPE_CHECKING:
    from pages import Pages

RUNBOOK_RULES = """
runbooks: [pack:hera]
incidents:
- name: serious
  matchers: [severity="critical"]
  group_by: [service]
  runbook: memory-leak
"""
ONE = "/incidents/INC-1"


async def opened(pages: Pages, **more: str) -> Incident:
    """INC-1, opened by bob."""
    return await pages.ward.room.create(Incident(0, "Nobody can pay", 0, **more), (), "bob")  # type: ignore[arg-type]  # a test's own words


async def now(pages: Pages, id: str = "INC-1") -> Incident:
    return await pages.ward.room.get("default", id)


async def test_looking_changes_nothing_and_heads_are_answered(pages: Pages) -> None:
    before = await opened(pages)
    for path in (ONE, "/incidents", "/incidents/new"):
        for method in ("GET", "HEAD"):
            answer = await pages.ask(path, method)
            assert answer.status == 200
            assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert await now(pages) == before
    assert [one.id for one in await pages.ward.all()] == ["INC-1"]


async def test_buttons_take_it_from_triggered_to_resolved_and_back(pages: Pages) -> None:
    await opened(pages)
    for status in ("acknowledged", "mitigated", "acknowledged", "resolved", "triggered"):
        done = await pages.send(ONE, "status", f"status:{status}")
        assert (done.status, done.location) == (303, f"INC-1?said={status}&part=status#status")
        assert (await now(pages)).status.value == status
    assert "alice resolved INC-1" in await pages.ward.story("INC-1")
    assert "It is over." in (await pages.ask(f"{ONE}?said=resolved&part=status")).text


async def test_the_name_is_asked_once_and_remembered(pages: Pages) -> None:
    await opened(pages)
    nameless = await pages.send(ONE, "status", "status:acknowledged", name=" ")
    assert (nameless.status, "Your name is missing" in nameless.text) == (400, True)
    assert (await now(pages)).status is Status.TRIGGERED
    await pages.send(ONE, "status", "status:acknowledged")
    assert (await pages.form(ONE, "timeline"))["name"] == "alice"


async def test_people_take_roles_over_and_hand_them_on(pages: Pages) -> None:
    await opened(pages)
    assert (await pages.send(ONE, "status", "take:assignee")).status == 303
    await pages.send(ONE, "people", "take:scribe")
    await pages.send(ONE, "people", "people", commander=" bob ", scribe="")
    one = await now(pages)
    assert (one.assignee, one.commander, one.scribe) == ("alice", "bob", "")
    assert 'alice made "bob" the commander of INC-1' in await pages.ward.story("INC-1")
    assert 'alice took the scribe "alice" from INC-1' in await pages.ward.story("INC-1")


async def test_severity_and_other_facts_are_changed_and_only_those_that_differ(pages: Pages) -> None:
    await opened(pages, summary="first\r\nsecond", service="shop")
    page = await pages.ask(ONE)
    assert '<option value="critical">' in page.text
    await pages.ward.room.change("default", "INC-1", Change(team="payments"), "bob")
    typed = {**fields_of(page.text, "facts"), "do": "facts", "name": "alice"}
    typed |= {"severity": "critical", "impact": "one\r\ntwo", "automatic": "yes"}
    assert (await pages.ask(ONE, "POST", data=typed)).status == 303
    one = await now(pages)
    assert (one.severity, one.impact, one.automatic, one.team) == ("critical", "one\ntwo", True, "payments")
    assert (one.summary, one.service) == ("first\r\nsecond", "shop")


async def test_what_somebody_else_has_changed_meanwhile_is_said_and_what_was_typed_stays(pages: Pages) -> None:
    await opened(pages)
    stale = {**await pages.form(ONE, "people"), "do": "people", "name": "alice", "commander": "alice"}
    status = {**await pages.form(ONE, "status"), "do": "status:acknowledged", "name": "alice"}
    await pages.ward.room.change("default", "INC-1", Change(commander="bob", status=Status.RESOLVED), "bob")
    refused = await pages.ask(ONE, "POST", data=stale)
    assert refused.status == 409
    assert "the commander of INC-1 has become &quot;bob&quot; since you opened the page" in refused.text
    again = fields_of(refused.text, "people")
    assert (again["commander"], again["seen.commander"]) == ("alice", "bob")
    assert (await pages.ask(ONE, "POST", data=status)).status == 409
    assert (await now(pages)).status is Status.RESOLVED
    assert (await pages.ask(ONE, "POST", data={**again, "do": "people", "name": "alice"})).status == 303
    assert (await now(pages)).commander == "alice"


@pytest.mark.parametrize(
    ("part", "do", "typed", "status", "why"),
    [
        ("facts", "facts", {"title": " ", "summary": "kept"}, 400, "&quot;title&quot; is missing"),
        ("facts", "facts", {"severity": "x" * 201, "summary": "kept"}, 400, "longer than 200 characters"),
        ("facts", "facts", {"runbook": "restrat", "summary": "kept"}, 400, "there is no runbook &quot;restrat&quot;"),
        ("people", "people", {"commander": "y" * 201, "scribe": "kept"}, 400, "longer than 200 characters"),
        ("timeline", "note", {"text": " "}, 400, "a note says something"),
        ("merge", "merge", {"incident": "kept"}, 400, "there is no incident &quot;kept&quot;"),
        ("merge", "merge", {"incident": " "}, 400, "INC-7"),
        ("merge", "merge", {"incident": "INC-1"}, 409, "cannot be merged into itself"),
        ("ticket", "ticket", {"receiver": "trackr"}, 400, "did you mean &quot;tracker&quot;?"),
        ("status", "status:shut", {}, 400, "is no status"),
        ("status", "take:pope", {}, 400, "is nothing that one can be"),
        ("status", "nonsense", {}, 400, "press one of the buttons"),
    ],
)
async def test_what_cannot_be_comes_back_with_its_reason_and_what_was_typed(
    pages: Pages, part: str, do: str, typed: dict[str, str], status: int, why: str
) -> None:
    before = await opened(pages)
    answer = await pages.send(ONE, part, do, **typed)
    assert (answer.status, why in answer.text) == (status, True)
    if "kept" in typed.values():
        assert "kept" in fields_of(answer.text, part).values()
        assert f'id="{part}" open' in answer.text
    assert await now(pages) == before


async def test_a_form_that_is_sent_twice_does_nothing_twice(pages: Pages) -> None:
    await opened(pages)
    note = {**await pages.form(ONE, "timeline"), "do": "note", "name": "alice", "text": "we roll back"}
    answers = [await pages.ask(ONE, "POST", data=note) for _ in range(2)]
    assert [answer.location for answer in answers] == ["INC-1?said=noted&part=timeline#timeline"] * 2
    assert (await pages.ward.story("INC-1")).count("we roll back") == 1
    await pages.ask(ONE, "POST", data={**note, "text": "and on"})
    pages.ward.clock.ms += 1
    await pages.send(ONE, "timeline", "note", text="we roll back")
    assert [text for text in await pages.ward.story("INC-1") if "opened" not in text] == [
        "we roll back",
        "and on",
        "we roll back",
    ]
    new = {**await pages.form("/incidents/new", "open"), "do": "open", "name": "alice", "title": "Slow"}
    assert [(await pages.ask("/incidents/new", "POST", data=new)).location for _ in range(2)] == [
        "INC-2?said=opened&part=status#status"
    ] * 2
    assert len(await pages.ward.all()) == 2


async def test_runbook_steps_are_ticked_and_taken_back(pages: Pages) -> None:
    await pages.stop()
    await pages.ward.stop()
    await pages.start(text=RUNBOOK_RULES)
    await pages.ward.fire("Leaks")
    assert (await pages.send(ONE, "runbook", "tick:2")).location == "INC-1?said=ticked&part=runbook#runbook"
    assert await pages.send(ONE, "runbook", "tick:2")
    (tick,) = (await now(pages)).ticks
    assert tick.by == "alice"
    shown = (await pages.ask(ONE)).text
    assert ("untick:2" in shown, "tick:2" in shown.replace("untick:2", ""), "☑" in shown) == (True, False, True)
    await pages.send(ONE, "runbook", "untick:2")
    assert (await now(pages)).ticks == ()
    wrong = await pages.send(ONE, "runbook", "tick:99")
    assert (wrong.status, "there is no step 99" in wrong.text) == (400, True)


async def test_alerts_are_split_off_with_a_ticket_of_their_own(pages: Pages) -> None:
    first = await pages.ward.fire("Down")
    await pages.ward.fire("Slow")
    none = await pages.send(ONE, "alerts", "split", title="kept")
    assert (none.status, 'value="kept"' in none.text, "Tick the alerts" in none.text) == (400, True, True)
    every = [alert.fingerprint for alert in (await now(pages)).alerts]
    all_of_them = await pages.send(ONE, "alerts", "split", alerts=every)
    assert (all_of_them.status, all_of_them.text.count(" checked>")) == (409, 2)
    split = {**await pages.form(ONE, "alerts"), "do": "split", "name": "alice", "ticket": "tracker"}
    fields = encoded({**split, "alerts": [first], "title": "Another matter"})
    answers = [await pages.ask(ONE, "POST", data=fields) for _ in range(2)]
    assert [answer.location for answer in answers] == ["INC-2?said=split&part=status#status"] * 2
    new = await now(pages, "INC-2")
    assert new.ticket is not None
    assert (new.title, new.ticket.receiver, new.opened_by) == ("Another matter", "tracker", "alice")
    assert "alerts have become this incident" in (await pages.ask("/incidents/INC-2?said=split&part=status")).text


async def test_incidents_are_merged_and_the_part_says_where_it_went(pages: Pages) -> None:
    await opened(pages)
    await pages.ward.room.create(Incident(0, "The same", 0), (), "bob")
    assert '<option value="INC-2">The same</option>' in (await pages.ask(ONE)).text
    stale = {**await pages.form("/incidents/INC-2", "timeline"), "name": "alice"}
    assert (await pages.send(ONE, "merge", "merge", incident="inc-2")).status == 303
    part = await pages.ask("/incidents/INC-2")
    assert 'has become part of <a class="tap" href="/prom/incidents/INC-1">INC-1</a>' in part.text
    assert "status:" not in part.text
    refused = await pages.ask("/incidents/INC-2", "POST", data={**stale, "part": "status", "do": "status:triggered"})
    assert (refused.status, "change that one" in refused.text) == (409, True)
    gone = await pages.ask("/incidents/INC-2", "POST", data={**stale, "part": "people", "do": "take:scribe"})
    assert (gone.status, "change that one" in gone.text) == (409, True)
    noted = await pages.ask("/incidents/INC-2", "POST", data={**stale, "do": "note", "text": "late"})
    assert noted.status == 303


async def test_a_ticket_is_asked_for_and_then_the_page_says_who_keeps_it(pages: Pages) -> None:
    await opened(pages)
    await pages.send(ONE, "ticket", "ticket", receiver="tracker")
    assert "alice asked for a ticket of INC-1 by the receiver tracker" in await pages.ward.story("INC-1")
    assert "The receiver <bdi>tracker</bdi> keeps one." in (await pages.ask(ONE)).text


async def test_the_post_mortem_is_downloaded_under_its_name(pages: Pages) -> None:
    await opened(pages)
    link = '<a class="tap" href="/prom/api/watchkeeper/v1/incidents/INC-1/postmortem" download="INC-1.md">'
    assert link in (await pages.ask(ONE)).text


async def test_an_incident_is_opened_about_alerts_that_belong_to_none(pages: Pages) -> None:
    number = await pages.ward.fire("Warm", severity="low")
    await pages.ward.fire("Down")
    offered = (await pages.ask("/incidents/new")).text
    assert re.findall(r'name="alerts" value="([^"]*)"', offered) == [number]
    wrong = await pages.send("/incidents/new", "open", "open", title=" ", team="kept", alerts=[number])
    assert (wrong.status, wrong.text.count(" checked>")) == (400, 1)
    assert fields_of(wrong.text, "open")["team"] == "kept"
    done = await pages.send(
        "/incidents/new", "open", "open", title="It is warm", severity="high", alerts=[number], summary="a\r\nb"
    )
    assert done.location == "INC-2?said=opened&part=status#status"
    one = await now(pages, "INC-2")
    assert (one.title, one.severity, one.opened_by, one.summary) == ("It is warm", "high", "alice", "a\nb")
    assert [alert.fingerprint for alert in one.alerts] == [number]
    assert 'name="alerts"' not in (await pages.ask("/incidents/new")).text


async def test_pages_of_others_cannot_send_the_forms(pages: Pages) -> None:
    await opened(pages)
    fields = {**await pages.form(ONE, "status"), "do": "status:resolved", "name": "mallory"}
    for origin in ("https://evil.example.org", "null"):
        assert (await pages.ask(ONE, "POST", data=fields, headers={"Origin": origin})).status == 403
    for form in ("", "x.y", fields["form"][:-2]):
        refused = await pages.ask(ONE, "POST", data={**fields, "form": form})
        assert (refused.status, "was not made by our page" in refused.text) == (403, True)
        new = await pages.ask("/incidents/new", "POST", data={"form": form, "title": "x", "name": "mallory"})
        assert new.status == 403
    assert (await now(pages)).status is Status.TRIGGERED
    refusals = pages.registry.get_sample_value("watchkeeper_callbacks_total", {"channel": "page", "outcome": "refused"})
    assert refusals == 6
    ours = {"Origin": "https://watch.example.org"}
    assert (await pages.ask(ONE, "POST", data=fields, headers=ours)).status == 303


async def test_a_page_that_was_open_for_a_day_gives_back_what_was_typed(pages: Pages) -> None:
    await opened(pages)
    note = {**await pages.form(ONE, "timeline"), "do": "note", "name": "alice", "text": "a long <night>"}
    pages.ward.clock.ms += 86_400_000
    old = await pages.ask(ONE, "POST", data=note)
    assert (old.status, "The page was too old" in old.text) == (400, True)
    again = fields_of(old.text, "timeline")
    assert (again["text"], again["name"]) == ("a long <night>", "alice")
    assert (await pages.ask(ONE, "POST", data={**again, "do": "note"})).status == 303
    assert "a long <night>" in await pages.ward.story("INC-1")


async def test_where_people_log_in_the_login_counts_and_forms_are_their_own(pages_with_logins: Pages) -> None:
    pages = pages_with_logins
    await opened(pages)
    for method in ("GET", "POST"):
        assert (await pages.ask(ONE, method)).status == 401
    page = (await pages.ask(ONE, login="alice")).text
    assert ("You are <strong>alice</strong>" in page, 'name="name"' in page) == (True, False)
    await pages.send(ONE, "status", "status:acknowledged", login="alice", name="mallory")
    assert "alice acknowledged INC-1" in await pages.ward.story("INC-1")
    of_alice = {**await pages.form(ONE, "status", login="alice"), "do": "status:resolved"}
    assert (await pages.ask(ONE, "POST", login="bob", data=of_alice)).status == 403
    assert (await pages.send(ONE, "status", "take:assignee", login="bob")).status == 303
    assert (await now(pages)).assignee == "bob"
    assert "take:assignee" not in re.sub(r'id="people".*', "", (await pages.ask(ONE, login="bob")).text, flags=re.S)


async def test_a_tenants_incidents_are_changed_by_its_own_pages_only(pages: Pages) -> None:
    await opened(pages)
    await pages.ward.room.create(Incident(0, "Theirs", 0, tenant="other"), (), "carol")
    fields = {**await pages.form(ONE, "status"), "do": "status:resolved", "name": "alice"}
    assert (await pages.ask(ONE, "POST", data=fields, headers={"X-Scope-OrgID": "other"})).status == 403
    assert "Theirs" in (await pages.ask(ONE, headers={"X-Scope-OrgID": "other"})).text


async def test_what_is_not_there_is_said_on_a_page(pages: Pages) -> None:
    for path, status in (("/incidents/INC-9", 404), ("/incidents?status=shut", 400), ("/runbooks/restrat", 404)):
        answer = await pages.ask(path)
        assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
        assert 'href="/prom/incidents"' in answer.text


async def test_while_the_database_takes_nothing_the_page_says_so_and_the_form_may_come_again(pages: Pages) -> None:
    await opened(pages)
    note = {**await pages.form(ONE, "timeline"), "do": "note", "name": "alice", "text": "on it"}
    pages.ward.control.breaks = True
    assert (await pages.ask(ONE, "POST", data=note)).status == 503
    pages.ward.control.breaks = False
    assert (await pages.ask(ONE, "POST", data=note)).status == 303
    # The connection broke after the database had kept it.
    assert (await pages.ward.story("INC-1")).count("on it") == 1


async def test_a_long_timeline_is_shown_page_by_page_the_newest_first(pages: Pages) -> None:
    await opened(pages)
    for i in range(120):
        pages.ward.clock.ms += 1000
        await pages.ward.room.note("default", "INC-1", f"note {i:03}", "bob")
    first, last = await pages.ask(ONE), await pages.ask(f"{ONE}?timeline=3&said=noted&part=timeline")
    assert re.findall(r"note (\d{3})", first.text) == [f"{i:03}" for i in range(119, 69, -1)]
    assert re.findall(r"note (\d{3})", last.text) == [f"{i:03}" for i in range(19, -1, -1)]
    assert ('href="?timeline=2#timeline">Earlier' in first.text, ">Later" in first.text) == (True, False)
    assert ('href="?timeline=2#timeline">Later' in last.text, ">Earlier" in last.text) == (True, False)
    for beyond in ("99", "-1", "x", "9" * 30):
        assert (await pages.ask(f"{ONE}?timeline={beyond}")).status == 200


async def test_of_hundreds_of_alerts_most_are_folded_and_what_they_share_is_said_once(pages: Pages) -> None:
    for i in range(60):
        await pages.ward.fire(f"Down{i}")
    page = (await pages.ask(ONE)).text
    assert "60 of 60 fire." in page
    assert "<summary>40 more</summary>" in page
    alerts = page.split('<section id="alerts">')[1]
    assert alerts.count("<bdi>service</bdi>=<bdi>shop</bdi>") == 1


async def test_the_list_goes_on_page_by_page_and_keeps_what_was_asked(pages: Pages) -> None:
    for i in range(52):
        await pages.ward.room.create(Incident(0, f"Trouble {i}", 0, service="shop"), (), "bob")
    first = await pages.ask("/incidents?service=shop&team=")
    assert (first.text.count("Trouble"), 'href="?service=shop&amp;before=INC-3"' in first.text) == (50, True)
    rest = await pages.ask("/incidents?service=shop&before=INC-3")
    assert (rest.text.count("Trouble"), "Older ones" in rest.text) == (2, False)


async def test_what_people_and_alerts_say_is_never_html(pages: Pages) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    one = Incident(0, evil, 0, severity=evil, service=evil, team=evil, assignee=evil, summary=evil, impact=evil)
    await pages.ward.room.create(one, (), evil)
    await pages.ward.room.note("default", "INC-1", evil, evil)
    for path in (ONE, "/incidents", f"{ONE}?timeline={evil}&said={evil}", f"/incidents?service={evil}"):
        text = (await pages.ask(path)).text
        assert not [tag for tag in ("<script", "<img") if tag in text]
    back = await pages.send(ONE, "facts", "facts", title=" ", summary=evil, name=evil)
    assert (back.status, "<script" in back.text, "<img" in back.text) == (400, False, False)
    assert fields_of(back.text, "facts")["summary"] == evil
