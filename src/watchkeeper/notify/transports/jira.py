"""Jira: an issue for each group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

import msgspec

from watchkeeper.notify.config.jira import JiraConfig
from watchkeeper.notify.dedup import Reason
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import JSON, Exchange, Request, decoded, json_body
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import in_characters

SUMMARY, DESCRIPTION = 255, 32_767
"""The most characters that Jira takes."""
_HEADERS = {**JSON, "Accept-Language": "en"}
_CLOUD = ".atlassian.net"
_GATEWAY = "//api.atlassian.com"
"""Where the API is not below the site that people see."""


class Issue(msgspec.Struct, frozen=True):
    """An issue that stands for the group, with the key of its status' category (`new`, `indeterminate`, `done`)."""

    key: str
    category: str


class Jira:
    """Looks for the group's issue; opens or updates it, and moves it when all is over or begins again."""

    def __init__(self, config: JiraConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config, rendering = self._config, message.rendering
        query = jql(config, message)
        told = fields(config, message)
        names = config.reopen_transition, config.resolve_transition
        reopen, resolve = (rendering.text(name) for name in names)
        comment = in_characters(rendering.prose(config.comment).strip(), DESCRIPTION)
        unsaid = bool(comment) and message.reason is not Reason.REPEAT

        async def attempt() -> str:
            nonlocal unsaid
            issue = await self._find(query)
            if issue is None:
                opened = await self._ask("POST", "issue", {"fields": told}) if message.firing else {}
                return str(opened.get("key", ""))
            await self._ask("PUT", f"issue/{issue.key}", {"fields": updated(config, told)})
            if unsaid:
                await self._ask("POST", f"issue/{issue.key}/comment", {"body": _document(config, comment)})
                unsaid = False
            done = issue.category == "done"
            transition = (reopen if done else "") if message.firing else ("" if done else resolve)
            if transition:
                await self._move(issue, transition)
            return issue.key

        return attempt

    def address(self, memory: str) -> str:
        """The page of the issue with the key that was remembered, where the API lies below the site itself."""
        site, api, _ = self._config.api_url.partition("/rest/api/")
        return f"{site}/browse/{quote(memory, safe='')}" if memory and api and _GATEWAY not in site else ""

    async def _find(self, query: str) -> Issue | None:
        cloud = self._config.api_type == "cloud" or (self._config.api_type == "auto" and _CLOUD in self._config.api_url)
        wanted = {"jql": query, "maxResults": 2, "fields": ["status"]}
        found = await self._ask("POST", "search/jql" if cloud else "search", wanted)
        issues = found.get("issues")
        if not isinstance(issues, list) or not issues:
            return None
        try:
            return _issue(cast("list[object]", issues)[0])
        except (KeyError, TypeError) as error:
            raise NotifyFailure(f"Jira describes an issue without {error}", retryable=True) from error

    async def _move(self, issue: Issue, name: str) -> None:
        path = f"issue/{issue.key}/transitions"
        offered = (await self._ask("GET", path, None)).get("transitions")
        for transition in cast("list[Mapping[str, object]]", offered or []):
            if transition.get("name") == name:
                await self._ask("POST", path, {"transition": {"id": transition.get("id")}})
                return
        raise NotifyFailure(f'Jira has no transition "{name}" for the issue {issue.key}', reason="clientError")

    async def _ask(self, method: str, path: str, told: object) -> Mapping[str, object]:
        url = f"{self._config.api_url.rstrip('/')}/{path}"
        body = None if told is None else json_body(told)
        answer = await self._exchange.send(Request(url, body, _HEADERS, method))
        return decoded(answer) if answer.body.strip() else {}


def _issue(described: object) -> Issue:
    issue = cast("Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]]", described)
    status = issue["fields"].get("status")
    return Issue(str(issue["key"]), status["statusCategory"]["key"] if status else "")


def label(message: Message) -> str:
    """The label by which the group's issue is found again."""
    return f"ALERT{{{message.key}}}"


def jql(config: JiraConfig, message: Message) -> str:
    """Where the group's issue may be; a closed one counts only if it can be reopened."""
    text = message.rendering
    conditions: list[str] = []
    if config.wont_fix_resolution:
        resolution = _quoted(text.text(config.wont_fix_resolution))
        conditions.append(f"(resolution is EMPTY or resolution != {resolution})")
    minutes = config.reopen_duration_ms // 60_000
    if not (message.firing and config.reopen_transition):
        conditions.append("statusCategory != Done")
    elif minutes:
        conditions.append(f"(resolutiondate is EMPTY OR resolutiondate >= -{minutes}m)")
    conditions.append(f"project={_quoted(text.text(config.project))}")
    conditions.append(f"labels={_quoted(label(message))}")
    return " and ".join(conditions) + " order by status ASC,resolutiondate DESC"


def fields(config: JiraConfig, message: Message) -> dict[str, object]:
    """The issue's fields."""
    text = message.rendering
    told: dict[str, object] = {
        "project": {"key": text.text(config.project)},
        "issuetype": {"name": text.text(config.issue_type)},
        "summary": in_characters(text.prose(config.summary.template), SUMMARY),
        "labels": sorted([*(text.text(each) for each in config.labels), label(message)]),
    }
    if description := in_characters(text.prose(config.description.template), DESCRIPTION):
        told["description"] = _document(config, description)
    if priority := text.text(config.priority):
        told["priority"] = {"name": priority}
    return {**cast("dict[str, object]", text.nested(config.fields)), **told}


def updated(config: JiraConfig, told: Mapping[str, object]) -> dict[str, object]:
    """The fields of an issue that is there already, less those that are to stay as people left them."""
    written = {"summary": config.summary.enable_update, "description": config.description.enable_update}
    return {name: value for name, value in told.items() if written.get(name, True)}


def _document(config: JiraConfig, text: str) -> object:
    """A description as the API's version takes it: text, or from version 3 on a document in Atlassian's format.

    A template may yield such a document itself.
    """
    if not config.api_url.rstrip("/").endswith("/3"):
        return text
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError:
        lines = [
            {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []}
            for line in text.split("\n")
        ]
        return {"version": 1, "type": "doc", "content": lines}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
