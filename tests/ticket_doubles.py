"""Issues on GitHub and in Jira Cloud: a double of each that takes what their references document."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

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
        number = len(self.issues) + 1
        page = f"https://github.example.org/example/shop/issues/{number}"
        self.issues.append({"number": number, "state": "open", "html_url": page, **told})
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
        if self.refusals:
            return self.refusals.pop(0)
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


def on_github(github: GitHub, more: str = "") -> str:
    place = f"api_url: '{github.url}', owner: example, repo: shop, token: HUSH"
    return f"receivers: [{{name: team, github_configs: [{{{place}{more}}}]}}]"


def in_jira(jira: Jira, more: str = "") -> str:
    place = f"api_url: '{jira.url}/rest/api/3', api_type: cloud, project: SHOP, issue_type: Bug"
    ways = "resolve_transition: Done, reopen_transition: To Do"
    login = "http_config: {basic_auth: {username: bob@example.org, password: HUSH}}"
    return f"receivers: [{{name: team, jira_configs: [{{{place}, {ways}, {login}{more}}}]}}]"
