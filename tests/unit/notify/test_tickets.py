"""Issues on GitHub and in Jira Cloud: a double of each that takes what their references document."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from notify_house import HOUR_MS, Open, alert, configured

from watchkeeper.base.configuration import ConfigurationFailure

REOPENED, COMPLETED = "reopened", "completed"


@dataclass
class GitHub:
    """A repository's issues, by GitHub's reference of 2022-11-28."""

    url: str = ""
    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)
    refusals: list[web.Response] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        base = "/repos/example/shop/issues"
        return [
            web.get(base, self.list),
            web.post(base, self.create),
            web.get(base + "/{number}", self.get),
            web.patch(base + "/{number}", self.update),
            web.post(base + "/{number}/comments", self.comment),
        ]

    def check(self, request: web.Request) -> None:
        assert request.headers["Authorization"] == "Bearer HUSH"
        assert request.headers["Accept"] == "application/vnd.github+json"
        assert request.headers["X-GitHub-Api-Version"] == "2022-11-28"

    async def list(self, request: web.Request) -> web.Response:
        self.check(request)
        assert set(request.query) <= {"labels", "state", "sort", "per_page", "page"}
        assert request.query["state"] in {"open", "closed", "all"} and request.query["sort"] == "updated"
        wanted = set(request.query["labels"].split(","))
        return web.json_response([issue for issue in self.issues[::-1] if wanted <= set(issue["labels"])])

    async def create(self, request: web.Request) -> web.Response:
        self.check(request)
        if self.refusals:
            return self.refusals.pop(0)
        told = await request.json()
        assert set(told) <= {"title", "body", "labels", "assignees", "milestone", "type"}
        assert told["title"]
        self.issues.append({"number": len(self.issues) + 1, "state": "open", **told})
        return web.json_response(self.issues[-1], status=201)

    async def get(self, request: web.Request) -> web.Response:
        self.check(request)
        found = [issue for issue in self.issues if issue["number"] == int(request.match_info["number"])]
        return web.json_response(found[0]) if found else web.json_response({"message": "Not Found"}, status=404)

    async def update(self, request: web.Request) -> web.Response:
        self.check(request)
        told = await request.json()
        assert set(told) <= {"title", "body", "state", "state_reason", "labels", "assignees", "milestone", "type"}
        assert (told["state"], told["state_reason"]) in {("open", REOPENED), ("closed", COMPLETED)}
        [issue] = [issue for issue in self.issues if issue["number"] == int(request.match_info["number"])]
        issue.update(told)
        return web.json_response(issue)

    async def comment(self, request: web.Request) -> web.Response:
        self.check(request)
        told = await request.json()
        assert set(told) == {"body"}
        self.comments.append((int(request.match_info["number"]), told["body"]))
        return web.json_response({"id": 1}, status=201)


@dataclass
class Jira:
    """Issues of Jira Cloud, by version 3 of its API; texts are documents in Atlassian's format."""

    url: str = ""
    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def routes(self) -> list[web.RouteDef]:
        base = "/rest/api/3"
        return [
            web.post(base + "/search/jql", self.search),
            web.post(base + "/issue", self.create),
            web.put(base + "/issue/{key}", self.edit),
            web.post(base + "/issue/{key}/comment", self.comment),
            web.get(base + "/issue/{key}/transitions", self.transitions),
            web.post(base + "/issue/{key}/transitions", self.move),
        ]

    async def search(self, request: web.Request) -> web.Response:
        told = await request.json()
        assert set(told) <= {"jql", "maxResults", "fields", "expand", "nextPageToken", "properties"}
        label = re.search(r'labels="([^"]+)"', told["jql"])
        assert label
        found = [issue for issue in self.issues if label[1] in issue["fields"]["labels"]]
        if "statusCategory != Done" in told["jql"]:
            found = [issue for issue in found if issue["category"] != "done"]
        shown = [{"id": "1", "key": i["key"], "fields": {"status": status(i["category"])}} for i in found]
        return web.json_response({"isLast": True, "issues": shown[: told["maxResults"]]})

    async def create(self, request: web.Request) -> web.Response:
        told = await request.json()
        assert set(told) == {"fields"}
        document(told["fields"]["description"])
        self.issues.append({"key": f"SHOP-{len(self.issues) + 1}", "category": "new", **told})
        return web.json_response({"id": "1", "key": self.issues[-1]["key"], "self": "x"}, status=201)

    async def edit(self, request: web.Request) -> web.Response:
        told = await request.json()
        document(told["fields"]["description"])
        return web.Response(status=204)

    async def comment(self, request: web.Request) -> web.Response:
        told = await request.json()
        assert set(told) == {"body"}
        self.comments.append(document(told["body"]))
        return web.json_response({"id": "1"}, status=201)

    async def transitions(self, request: web.Request) -> web.Response:
        return web.json_response({"transitions": [{"id": "31", "name": "Done"}, {"id": "11", "name": "To Do"}]})

    async def move(self, request: web.Request) -> web.Response:
        told = await request.json()
        [issue] = [issue for issue in self.issues if issue["key"] == request.match_info["key"]]
        issue["category"] = {"31": "done", "11": "new"}[told["transition"]["id"]]
        return web.Response(status=204)


def status(category: str) -> dict[str, Any]:
    return {"name": "x", "statusCategory": {"id": 1, "key": category}}


def document(value: dict[str, Any]) -> str:
    """The text of a document in Atlassian's format, whose structure is checked."""
    assert set(value) == {"version", "type", "content"} and (value["version"], value["type"]) == (1, "doc")
    lines: list[str] = []
    for paragraph in value["content"]:
        assert set(paragraph) == {"type", "content"} and paragraph["type"] == "paragraph"
        for text in paragraph["content"]:
            assert set(text) == {"type", "text"} and text["type"] == "text" and text["text"]
        lines.append("".join(text["text"] for text in paragraph["content"]))
    return "\n".join(lines)


async def served(double: GitHub | Jira) -> AsyncGenerator[Any]:
    app = web.Application()
    app.add_routes(double.routes())
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield double
    await runner.cleanup()


@pytest.fixture
async def github() -> AsyncGenerator[GitHub]:
    async for double in served(GitHub()):
        yield double


@pytest.fixture
async def jira() -> AsyncGenerator[Jira]:
    async for double in served(Jira()):
        yield double


def on_github(github: GitHub, more: str = "") -> str:
    place = f"api_url: '{github.url}', owner: example, repo: shop, token: HUSH"
    return f"receivers: [{{name: team, github_configs: [{{{place}{more}}}]}}]"


def in_jira(jira: Jira, more: str = "") -> str:
    place = f"api_url: '{jira.url}/rest/api/3', api_type: cloud, project: SHOP, issue_type: Bug"
    ways = "resolve_transition: Done, reopen_transition: To Do"
    login = "http_config: {basic_auth: {username: bob@example.org, password: HUSH}}"
    return f"receivers: [{{name: team, jira_configs: [{{{place}, {ways}, {login}{more}}}]}}]"


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
