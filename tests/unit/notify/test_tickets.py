"""Issues on GitHub and in Jira Cloud, of which doubles stand in for the other sides."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

import pytest
from aiohttp import web
from notify_house import HOUR_MS, Open, alert, configured

from ticket_doubles import COMPLETED, REOPENED, GitHub, Jira, in_jira, on_github, served
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.journal import Kind


@pytest.fixture
async def github() -> AsyncGenerator[GitHub]:
    async for double in served(GitHub()):
        yield double


@pytest.fixture
async def jira() -> AsyncGenerator[Jira]:
    async for double in served(Jira()):
        yield double


async def test_an_issue_follows_its_group(house: Open, github: GitHub) -> None:
    more = ", title: 'T {{ .GroupLabels.alertname }}', labels: ['{{ .CommonLabels.severity }}'], assignees: [alice]"
    async with house(on_github(github, more)) as room:
        assert await room.tell(alert("a"))
        [issue] = github.issues
        assert (issue["title"], issue["labels"], issue["assignees"]) == (
            "T Hot",
            ["watchkeeper", "critical"],
            ["alice"],
        )
        assert "too hot" in issue["body"]
        assert await room.tell(alert("a"), alert("b"))
        assert [number for number, _ in github.comments] == [1]
        assert github.comments[0][1].startswith("[FIRING:2] Hot")
        assert await room.tell(alert("a", ended=True), alert("b", ended=True))
        assert (issue["state"], issue["state_reason"], len(github.comments)) == ("closed", COMPLETED, 2)
        assert await room.tell(alert("a"))
        assert (len(github.issues), issue["state"], issue["state_reason"]) == (1, "open", REOPENED)
        assert len(github.comments) == 3


async def test_a_repeated_notification_is_no_comment(house: Open, github: GitHub) -> None:
    async with house(on_github(github)) as room:
        assert await room.tell(alert())
        room.clock.ms += 4 * HOUR_MS + 1
        assert await room.tell(alert())
    assert github.comments == []


async def test_another_version_of_what_is_told_is_a_comment_once(house: Open, github: GitHub) -> None:
    async with house(on_github(github)) as room:
        for version in ("1", "2", "2"):
            assert await room.tell(alert(), version=version)
        assert len(github.comments) == 1
        [_, sent] = await room.recorded(Kind.NOTIFICATION_SENT)
        assert "(what is told of them has changed)" in sent.text


async def test_groups_have_issues_of_their_own_and_tenants_too(house: Open, github: GitHub) -> None:
    async with house(on_github(github)) as room:
        for group, tenant in (("a", "blue"), ("b", "blue"), ("a", "red")):
            assert await room.tell(alert(), group_key=group, tenant=tenant)
    assert len(github.issues) == 3


async def test_an_issue_that_was_deleted_is_opened_anew(house: Open, github: GitHub) -> None:
    async with house(on_github(github)) as room:
        assert await room.tell(alert("a"))
        github.issues.clear()
        assert await room.tell(alert("a"), alert("b"))
    assert len(github.issues) == 1


async def test_githubs_rate_limit_is_waited_for_and_another_403_is_not(house: Open, github: GitHub) -> None:
    over = {"Retry-After": "9", "X-RateLimit-Remaining": "10"}
    github.refusals = [web.json_response({"message": "slow down"}, status=403, headers=over)]
    async with house(on_github(github)) as room:
        assert await room.tell(alert())
        assert room.clock.waits == [9]
        github.issues.clear()
        github.refusals = [web.json_response({"message": "no"}, status=403)]
        assert not await room.tell(alert(), group_key="other")
        assert room.clock.waits == [9]


async def test_what_is_over_before_it_was_told_opens_no_issue(house: Open, github: GitHub) -> None:
    github.refusals = [web.json_response({"message": "no"}, status=422)]
    async with house(on_github(github)) as room:
        assert not await room.tell(alert())
        assert await room.tell(alert(ended=True))
    assert github.issues == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("{owner: a/b, repo: c, token: t}", "without slashes"),
        ("{owner: a, repo: b}", "token or token_file"),
        ("{repo: b, token: t}", "owner"),
    ],
)
def test_what_github_needs_is_named(wrong: str, says: str) -> None:
    with pytest.raises(ConfigurationFailure, match=says):
        configured(f"receivers: [{{name: a, github_configs: [{wrong}]}}]")


async def test_an_issue_in_jira_cloud_follows_its_group_in_documents(house: Open, jira: Jira) -> None:
    async with house(in_jira(jira, ", comment: '{{ .Status }}: {{ len .Alerts.Firing }}'")) as room:
        assert await room.tell(alert("a"))
        [issue] = jira.issues
        assert "too hot" in json.dumps(issue["fields"]["description"])
        assert issue["fields"]["project"] == {"key": "SHOP"}
        assert await room.tell(alert("a"), alert("b"))
        assert await room.tell(alert("a", ended=True), alert("b", ended=True))
        assert (issue["category"], jira.comments) == ("done", ["firing: 2", "resolved: 0"])
        assert await room.tell(alert("a"))
        assert (len(jira.issues), issue["category"]) == (1, "new")


async def test_jira_has_no_comments_where_none_are_asked_for(house: Open, jira: Jira) -> None:
    async with house(in_jira(jira)) as room:
        assert await room.tell(alert("a"))
        assert await room.tell(alert("a"), alert("b"))
    assert jira.comments == []
