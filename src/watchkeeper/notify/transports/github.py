"""GitHub: an issue for each group."""

from __future__ import annotations

from watchkeeper.notify.config.github import GitHubConfig
from watchkeeper.notify.dedup import Reason
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.github_api import GitHubIssues, Issue
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

TITLE, BODY = 256, 65_536
"""The most characters that GitHub takes."""
LABEL = "watchkeeper"
"""The label that all our issues have, by which they are found again."""


class GitHub:
    """Opens the group's issue, comments it, closes it when all is over, and opens it again."""

    def __init__(self, config: GitHubConfig, outside: Outside) -> None:
        self._config = config
        self._issues = GitHubIssues(config, outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        told, change = new_issue(self._config, message), changed_state(message)
        comment = in_characters(message.rendering.prose(self._config.comment).strip(), BODY)
        unsaid = bool(comment) and message.reason is not Reason.REPEAT

        async def attempt() -> str:
            nonlocal unsaid
            issue = await self._find(message)
            if issue is None:
                return _remembered(await self._issues.create(told)) if message.firing else ""
            if unsaid:
                await self._issues.comment(issue.number, comment)
                unsaid = False
            if issue.state != change["state"]:
                await self._issues.change(issue.number, change)
            return _remembered(issue)

        return attempt

    def address(self, memory: str) -> str:
        """The issue's page, as GitHub said it."""
        page = memory.partition(" ")[2]
        return page if page.startswith(("https://", "http://")) else ""

    async def _find(self, message: Message) -> Issue | None:
        number = message.memory.partition(" ")[0]
        if number.isdigit():
            issue = await self._issues.issue(int(number))
            if issue is not None:
                return issue
        return await self._issues.labelled(LABEL, mark(message))


def _remembered(issue: Issue) -> str:
    """The issue's number and page."""
    return f"{issue.number} {issue.html_url}".strip()


def mark(message: Message) -> str:
    """What stands unseen in an issue's text, and says which group it is about."""
    return f"<!-- watchkeeper: {message.flush.tenant} {message.key} -->"


def new_issue(config: GitHubConfig, message: Message) -> dict[str, object]:
    """The body of «Create an issue»."""
    text, end = message.rendering, f"\n\n{mark(message)}"
    body = in_characters(text.prose(config.body).strip(), BODY - len(end)) + end
    labels = [text.text(label).strip() for label in config.labels]
    return {
        "title": in_characters(" ".join(text.prose(config.title).split()), TITLE),
        "body": body,
        "labels": list(dict.fromkeys([LABEL, *filter(None, labels)])),
        **given(assignees=[name for each in config.assignees if (name := text.text(each).strip())]),
    }


def changed_state(message: Message) -> dict[str, object]:
    """What of «Update an issue» says how the group stands."""
    if message.firing:
        return {"state": "open", "state_reason": "reopened"}
    return {"state": "closed", "state_reason": "completed"}
