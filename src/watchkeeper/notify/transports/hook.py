"""What the webhooks of chats have in common: a JSON payload for a secret address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from watchkeeper.base.configuration import FilePath, Secret
from watchkeeper.base.http import Answer
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside


class HookConfig(Protocol):
    """A configuration whose address is a secret."""

    webhook_url: Secret
    webhook_url_file: FilePath


C = TypeVar("C", bound=HookConfig)


class Hook(Generic[C]):
    """POSTs what `payload` makes of a message. `judge` raises NotifyFailure where an answer of 2xx is a refusal."""

    def __init__(
        self,
        payload: Callable[[C, Message], object],
        config: C,
        outside: Outside,
        *,
        judge: Callable[[Answer], None] | None = None,
    ) -> None:
        self._payload = payload
        self._config = config
        self._exchange = Exchange(outside)
        self._judge = judge

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        body = json_body(self._payload(self._config, message))

        async def attempt() -> str:
            url = secret_text(self._config.webhook_url, self._config.webhook_url_file)
            answer = await self._exchange.send(Request(url, body))
            if self._judge is not None:
                self._judge(answer)
            return ""

        return attempt
