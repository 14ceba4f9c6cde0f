"""Incidents are tickets on GitHub and in Jira, of which doubles stand in for the other sides."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from ward import Ward

from ticket_doubles import GitHub, Jira, in_jira, on_github, served
from watchkeeper.app.configuration import load_text
from watchkeeper.oncall.incident import Change, Incident, IncidentConflict, Incidents, InvalidIncident, Status

RULES = """
incidents:
- name: serious
  matchers: [severity="critical"]
  group_by: [service]
  team: payments
  ticket: team
"""
NOBODY = ", {name: nobody}]"
DAY_S = 86_400


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async for double in served(GitHub()):
        yield double


@pytest.fixture
async def jira() -> AsyncIterator[Jira]:
    async for double in served(Jira()):
        yield double


def also_nobody(receivers: str) -> str:
    return receivers.removesuffix("]") + NOBODY


async def change(ward: Ward, **what: object) -> None:
    """Bob changes INC-1, and the ticket is told."""
    await ward.room.change("default", "INC-1", Change(**what), "bob")  # type: ignore[arg-type]  # a test's own words
    await ward.room.tickets.round()


async def restarted(ward: Ward, rules: str, receivers: str) -> Incidents:
    """The process ends, and another one begins."""
    await ward.stop()
    return await ward.start(rules, receivers=receivers)


async def begin(ward: Ward, github: GitHub) -> None:
    """An alert opens INC-1 and its ticket."""
    await ward.start(RULES, receivers=also_nobody(on_github(github)))
    await ward.fire("Down", summary="nobody can pay")
    await ward.room.tickets.round()


async def test_an_issue_follows_its_incident_from_the_alert_to_the_end_and_back(ward: Ward, github: GitHub) -> None:
    await begin(ward, github)
    [issue] = github.issues
    assert issue["title"] == "[FIRING:1] nobody can pay INC-1 (shop critical payments)"
    assert "INC-1 is triggered" in issue["body"] and "http://here/incidents/INC-1" in issue["body"]
    await change(ward, status=Status.ACKNOWLEDGED, assignee="alice")
    await ward.room.note("default", "INC-1", "we roll back", "carol")
    await ward.room.tickets.round()
    await change(ward, status=Status.MITIGATED)
    said = [text for _, text in github.comments]
    assert ["assigned to alice" in said[0], "carol: we roll back" in said[1], "is mitigated" in said[2]] == [True] * 3
    assert issue["state"] == "open"
    await change(ward, status=Status.RESOLVED)
    assert (issue["state"], "INC-1 is resolved" in github.comments[3][1]) == ("closed", True)
    await change(ward, status=Status.TRIGGERED)
    assert (issue["state"], len(github.issues), len(github.comments)) == ("open", 1, 5)


async def test_changes_are_told_without_anybody_asking_for_it(ward: Ward, github: GitHub) -> None:
    await ward.start(RULES, receivers=also_nobody(on_github(github)))
    await ward.fire("Down")
    async with asyncio.timeout(30):
        while not github.issues:
            await asyncio.sleep(0.02)
        await ward.room.change("default", "INC-1", Change(status=Status.RESOLVED), "bob")
        while github.issues[0]["state"] == "open":
            await asyncio.sleep(0.02)


async def test_the_tickets_page_is_among_the_incidents_links(ward: Ward, github: GitHub) -> None:
    await begin(ward, github)
    await ward.room.tickets.round()
    [link] = (await ward.one()).links
    assert (link.title, link.url) == ("ticket", "https://github.example.org/example/shop/issues/1")
    assert github.comments == []
    assert f"the ticket of INC-1 is {link.url}" in await ward.story("INC-1")


async def test_nothing_is_told_twice_over_a_restart_and_nothing_is_lost(ward: Ward, github: GitHub) -> None:
    await begin(ward, github)
    await change(ward, status=Status.ACKNOWLEDGED)
    await restarted(ward, RULES, also_nobody(on_github(github)))
    await ward.room.tickets.round()
    assert len(github.comments) == 1
    await ward.room.note("default", "INC-1", "said just before the end", "carol")
    await restarted(ward, RULES, also_nobody(on_github(github)))
    await ward.room.tickets.round()
    assert ["said just before the end" in text for _, text in github.comments] == [False, True]


async def test_a_failing_ticket_system_is_tried_again_and_the_timeline_says_so(ward: Ward, github: GitHub) -> None:
    github.refusals = [web.json_response({"message": "no"}, status=422)]
    await begin(ward, github)
    assert (github.issues, (await ward.one()).status) == ([], Status.TRIGGERED)
    assert any("could not be told" in line for line in await ward.story("INC-1"))
    await ward.room.tickets.round()
    assert github.issues == []
    await ward.pass_s(60)
    await ward.room.tickets.round()
    assert len(github.issues) == 1


async def test_where_one_of_two_fails_only_that_one_is_told_again(ward: Ward, github: GitHub, jira: Jira) -> None:
    keys = in_jira(jira, ", comment: '{{ .CommonAnnotations.summary }}'").split("name: team, ")[1].removesuffix("}]")
    await ward.start(RULES, receivers=on_github(github).removesuffix("}]") + f", {keys}}}" + NOBODY)
    await ward.fire("Down")
    await ward.room.tickets.round()
    github.refusals = [web.json_response({"message": "no"}, status=422)]
    await change(ward, status=Status.ACKNOWLEDGED)
    assert (len(github.comments), jira.comments) == (0, ["INC-1 is acknowledged"])
    await ward.pass_s(60)
    await ward.room.tickets.round()
    assert (len(github.comments), len(jira.comments)) == (1, 1)


async def test_a_ticket_in_jira_is_opened_commented_moved_and_linked(ward: Ward, jira: Jira) -> None:
    comment = ", comment: '{{ .CommonAnnotations.summary }}'"
    await ward.start(RULES, receivers=also_nobody(in_jira(jira, comment)))
    await ward.fire("Down")
    await ward.room.tickets.round()
    [issue] = jira.issues
    assert [link.url for link in (await ward.one()).links] == [f"{jira.url}/browse/{issue['key']}"]
    await change(ward, status=Status.RESOLVED)
    assert (issue["category"], jira.comments) == ("done", ["INC-1 is resolved"])
    await change(ward, status=Status.TRIGGERED)
    assert (len(jira.issues), issue["category"]) == (1, "new")


async def test_the_ticket_of_a_merged_incident_says_where_it_went_and_is_closed(ward: Ward, github: GitHub) -> None:
    await begin(ward, github)
    await ward.room.create(Incident(0, "the shop is slow", 0), (), "bob")
    await ward.room.merge("default", "INC-2", "INC-1", "bob")
    await ward.room.tickets.round()
    assert (github.issues[0]["state"], len(github.issues)) == ("closed", 1)
    assert "INC-1 was merged into INC-2" in github.comments[0][1]


async def test_an_incident_without_a_ticket_gets_one_when_somebody_asks(ward: Ward, github: GitHub) -> None:
    room = await ward.start(RULES, receivers=also_nobody(on_github(github)))
    await room.create(Incident(0, "the shop is slow", 0), (), "bob")
    await room.tickets.round()
    assert github.issues == []
    await room.open_ticket("default", "INC-1", "team", "bob")
    await room.tickets.round()
    await room.open_ticket("default", "INC-1", "team", "bob")
    await room.tickets.round()
    assert (len(github.issues), github.comments) == (1, [])
    assert "bob asked for a ticket of INC-1 by the receiver team" in await ward.story("INC-1")


async def test_a_ticket_that_cannot_be_is_refused(ward: Ward, github: GitHub) -> None:
    room = await ward.start(RULES, receivers=also_nobody(on_github(github)))
    await room.create(Incident(0, "the shop is slow", 0), (), "bob")
    with pytest.raises(InvalidIncident, match=r'there is no receiver "taem": did you mean "team"\?'):
        await room.open_ticket("default", "INC-1", "taem", "bob")
    await room.change("default", "INC-1", Change(status=Status.RESOLVED), "bob")
    with pytest.raises(IncidentConflict, match="reopen it"):
        await room.open_ticket("default", "INC-1", "team", "bob")
    await room.change("default", "INC-1", Change(status=Status.TRIGGERED), "bob")
    await room.open_ticket("default", "INC-1", "team", "bob")
    with pytest.raises(IncidentConflict, match="by the receiver team already"):
        await room.open_ticket("default", "INC-1", "nobody", "bob")


async def test_the_ticket_of_an_incident_that_nobody_touched_for_weeks_is_closed_at_its_end(
    ward: Ward, github: GitHub
) -> None:
    room = await ward.start(RULES, receivers=also_nobody(on_github(github)))
    await room.create(Incident(0, "the shop is slow", 0), (), "bob")
    await room.open_ticket("default", "INC-1", "team", "bob")
    for _ in range(21):
        await room.tickets.round()
        await ward.pass_s(DAY_S)
    await change(ward, status=Status.RESOLVED)
    assert (github.issues[0]["state"], len(github.comments)) == ("closed", 1)


async def test_a_receiver_under_another_name_goes_on_with_the_ticket_when_somebody_asks(
    ward: Ward, github: GitHub
) -> None:
    await begin(ward, github)
    elsewhere = on_github(github).replace("name: team", "name: other")
    room = await restarted(ward, "", also_nobody(elsewhere))
    await change(ward, status=Status.ACKNOWLEDGED)
    assert (len(github.issues), github.comments) == (1, [])
    await room.open_ticket("default", "INC-1", "other", "bob")
    await room.tickets.round()
    assert (len(github.issues), len(github.comments)) == (1, 1)


def test_the_documented_example_loads() -> None:
    page = (Path(__file__).parents[3] / "docs" / "incidents.md").read_text()
    [example] = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "ticket:" in text]
    configuration = load_text(example, "f.yml", {})
    assert [each.ticket for each in configuration.sections.incidents] == ["tracker"]
    assert [w.message for w in configuration.warnings if "does not exist" not in w.message] == []


async def test_tickets_of_an_earlier_database_are_left_alone(ward: Ward, github: GitHub) -> None:
    await begin(ward, github)
    await ward.control.run([(f"DELETE FROM {table}", [{}]) for table in ("incidents", "notification_log", "journal")])
    await ward.stop()
    ward.clock.ms += 1000
    await ward.start(RULES, receivers=also_nobody(on_github(github)))
    await ward.room.tickets.round()
    assert ((await ward.one()).id, len(github.issues), github.comments) == ("INC-1", 2, [])


async def test_what_is_split_off_may_have_a_ticket_of_its_own(ward: Ward, github: GitHub) -> None:
    await begin(ward, github)
    slow = await ward.fire("Slow")
    wrong = await ward.fire("Wrong")
    with pytest.raises(InvalidIncident, match="did you mean"):
        await ward.room.split("default", "INC-1", [slow], "", "bob", "taem")
    apart = await ward.room.split("default", "INC-1", [slow], "It is slow", "bob", "team")
    alone = await ward.room.split("default", "INC-1", [wrong], "", "bob")
    assert (apart.ticket is not None, alone.ticket) == (True, None)
    await ward.room.tickets.round()
    assert [issue["title"] for issue in github.issues][1:] == ["[FIRING:1] It is slow INC-2 (shop critical payments)"]
    await ward.room.change("default", "INC-2", Change(status=Status.RESOLVED), "bob")
    await ward.room.tickets.round()
    assert [issue["state"] for issue in github.issues] == ["open", "closed"]
