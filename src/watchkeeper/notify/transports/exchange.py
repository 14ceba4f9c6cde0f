"""Requests to the other side, and what its answers mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import msgspec
from yarl import URL

from watchkeeper.base.configuration import Secret
from watchkeeper.base.http import Answer, HTTPFailure, shown_url
from watchkeeper.base.http.authorization import source
from watchkeeper.notify.concealing import without_address
from watchkeeper.notify.effort import answered
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.transports.outside import Outside

JSON = {"Content-Type": "application/json"}
TOO_MANY = 429
_READ_BYTES = 8192
_DETAIL_LENGTH = 300
_REASON_LENGTH = 60
_ANSWER_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request; its address may be a secret."""

    url: str
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    method: str = "POST"


class Exchange:
    """Sends requests for one integration. What goes wrong is a NotifyFailure whose text has no address in full."""

    def __init__(self, outside: Outside, also_retried: Collection[int] = ()) -> None:
        self._client = outside.client
        self._clock = outside.clock
        self._conceal = outside.conceal
        self._retried = frozenset({TOO_MANY, *also_retried})

    async def send(self, request: Request) -> Answer:
        """The answer, where it is a good one."""
        answer = await self.ask(request)
        self.judge(request, answer)
        return answer

    async def ask(self, request: Request) -> Answer:
        """The answer, whatever its status."""
        try:
            answer = await self._client.request(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body,
                body_limit_bytes=_ANSWER_LIMIT_BYTES,
            )
        except HTTPFailure as failure:
            text = _without_address(str(failure), request.url)
            raise NotifyFailure(text, retryable=failure.retryable) from None
        answered(f"{answer.status} {answer.reason[:_REASON_LENGTH]}".strip())
        return answer

    def judge(self, request: Request, answer: Answer) -> None:
        """Raise what a bad answer means: 5xx and «too many» may be tried again."""
        status = answer.status
        if status // 100 == 2:
            return
        detail = self.said(answer, request.url)
        text = f"{request.method} {hidden_url(request.url)}: status {status} {answer.reason}"
        raise NotifyFailure(
            f"{text}: {detail}" if detail else text,
            retryable=status // 100 == 5 or status in self._retried,
            retry_after_s=self.retry_after_s(answer),
            reason={4: "clientError", 5: "serverError"}.get(status // 100, "other"),
        )

    def said(self, answer: Answer, url: str = "") -> str:
        """The beginning of an answer's text. Secrets go before it is cut, lest half of one be left."""
        text = answer.body[:_READ_BYTES].decode(errors="replace").strip()
        return self._conceal(without_address(text, url))[:_DETAIL_LENGTH]

    def retry_after_s(self, answer: Answer) -> float:
        """Seconds that the other side asks us to wait (RFC 9110, 10.2.3)."""
        text = answer.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return 0.0
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max((until - datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)).total_seconds(), 0.0)


def json_body(value: object) -> bytes:
    """A value as JSON."""
    return msgspec.json.encode(value)


def decoded(answer: Answer) -> Mapping[str, object]:
    """The JSON object in an answer. Raises NotifyFailure where there is none."""
    try:
        return msgspec.json.decode(answer.body, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotifyFailure(f"the answer is no JSON object: {error}", retryable=True) from error


def secret_text(secret: str | Secret, file: Path | None) -> str:
    """A secret now, from the configuration or from its file. Raises NotifyFailure where that cannot be read."""
    try:
        return source(secret, file)()
    except HTTPFailure as failure:
        raise NotifyFailure(str(failure), retryable=True) from failure


def hidden_url(url: str) -> str:
    """An address as it may be shown: its host, and that there is more."""
    try:
        parsed = URL(url)
        return f"{parsed.origin()}/…"
    except ValueError:
        return "<address>"


def _without_address(text: str, url: str) -> str:
    for form in (url, shown_url(url)):
        text = text.replace(form, hidden_url(url))
    try:
        path = URL(url).raw_path_qs
    except ValueError:
        return "malformed URL"
    return text if len(path) < 2 or path not in text else f"no exchange with {hidden_url(url)}"
