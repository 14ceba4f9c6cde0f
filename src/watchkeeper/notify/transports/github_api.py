"""GitHub's REST API, version 2022-11-28, as far as issues need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote

import msgspec

from watchkeeper.base.http import Answer
from watchkeeper.notify.config.github import GitHubConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside

T = TypeVar("T")
VERSION = "2022-11-28"
_PAGES, _PER_PAGE = 3, 100
_FORBIDDEN, _GONE = 403, frozenset({404, 410})


class Issue(msgspec.Struct, frozen=True):
    """An issue, or a pull request where `pull_request` is there; `html_url` is its page."""

    number: int
    state: str
    body: str | None = None
    html_url: str = ""
    pull_request: object = None


class GitHubIssues:
    """The issues of one repository."""

    def __init__(self, config: GitHubConfig, outside: Outside) -> None:
        self._config = config
        self._clock = outside.clock
        self._exchange = Exchange(outside)
        names = (quote(name, safe="") for name in (config.owner, config.repo))
        self._url = f"{config.api_url.rstrip('/')}/repos/{'/'.join(names)}/issues"

    async def issue(self, number: int) -> Issue | None:
        """An issue by its number; None where it is there no longer."""
        answer = await self._ask("GET", f"/{number}", None)
        return None if answer.status in _GONE else self._decoded(answer, Issue)

    async def labelled(self, label: str, mark: str) -> Issue | None:
        """The issue with a label that was changed last of those whose text has a mark, among the newest 300."""
        for page in range(1, _PAGES + 1):
            query = f"?labels={quote(label)}&state=all&sort=updated&per_page={_PER_PAGE}&page={page}"
            found = self._decoded(await self._ask("GET", query, None), list[Issue])
            if (issue := _marked(found, mark)) is not None:
                return issue
            if len(found) < _PER_PAGE:
                break
        return None

    async def create(self, told: dict[str, object]) -> Issue:
        """A new issue."""
        return self._decoded(await self._ask("POST", "", told), Issue)

    async def comment(self, number: int, text: str) -> None:
        """Say something about an issue."""
        self._decoded(await self._ask("POST", f"/{number}/comments", {"body": text}), dict[str, object])

    async def change(self, number: int, told: dict[str, object]) -> None:
        """Change an issue."""
        self._decoded(await self._ask("PATCH", f"/{number}", told), Issue)

    async def _ask(self, method: str, path: str, told: object) -> Answer:
        token = secret_text(self._config.token, self._config.token_file)
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": VERSION,
        }
        request = Request(f"{self._url}{path}", None if told is None else json_body(told), headers, method)
        answer = await self._exchange.ask(request)
        self._check_limit(answer)
        if not (method == "GET" and answer.status in _GONE and not path.startswith("?")):
            self._exchange.judge(request, answer)
        return answer

    def _check_limit(self, answer: Answer) -> None:
        """GitHub says with a 403, too, that there were too many requests."""
        over = answer.headers.get("X-RateLimit-Remaining") == "0" or "Retry-After" in answer.headers
        if answer.status != _FORBIDDEN or not over:
            return
        wait_s = self._exchange.retry_after_s(answer)
        reset = answer.headers.get("X-RateLimit-Reset", "")
        if not wait_s and reset.isdigit():
            wait_s = max(int(reset) - self._clock.now_ms() / 1000, 0.0)
        raise NotifyFailure("GitHub's rate limit is reached", retryable=True, retry_after_s=wait_s)

    def _decoded(self, answer: Answer, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise NotifyFailure(f"GitHub's answer cannot be read: {error}", retryable=True) from error


def _marked(issues: Sequence[Issue], mark: str) -> Issue | None:
    own = (issue for issue in issues if issue.pull_request is None and mark in (issue.body or ""))
    return next(own, None)
