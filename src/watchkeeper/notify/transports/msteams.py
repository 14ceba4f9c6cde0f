"""Microsoft Teams by an Office 365 connector."""

from __future__ import annotations

from watchkeeper.notify.config.msteams import MSTeamsConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside

_RED, _GREEN = "8C1A1A", "2DC72D"
_REFUSED = b"Microsoft Teams endpoint returned HTTP error"


class MSTeams:
    """A message card."""

    def __init__(self, config: MSTeamsConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        body = json_body(payload(self._config, message))

        async def attempt() -> str:
            url = secret_text(self._config.webhook_url, self._config.webhook_url_file)
            answer = await self._exchange.send(Request(url, body))
            if _REFUSED in answer.body:  # the connector answers 200 all the same
                raise NotifyFailure(answer.body[:300].decode(errors="replace"), retryable=True)
            return ""

        return attempt


def payload(config: MSTeamsConfig, message: Message) -> object:
    """The body (a legacy actionable message card)."""
    text = message.rendering
    return {
        "@context": "http://schema.org/extensions",
        "type": "MessageCard",
        "title": text.prose(config.title),
        "summary": text.prose(config.summary),
        "text": text.prose(config.text),
        "themeColor": _RED if message.firing else _GREEN,
    }
