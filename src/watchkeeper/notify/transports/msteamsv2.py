"""Microsoft Teams by a workflow."""

from __future__ import annotations

from watchkeeper.notify.config.msteams import MSTeamsV2Config
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside


class MSTeamsV2:
    """An adaptive card."""

    def __init__(self, config: MSTeamsV2Config, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        body = json_body(payload(self._config, message))

        async def attempt() -> str:
            url = secret_text(self._config.webhook_url, self._config.webhook_url_file)
            await self._exchange.send(Request(url, body))
            return ""

        return attempt


def payload(config: MSTeamsV2Config, message: Message) -> object:
    """The body (an adaptive card, version 1.2)."""
    title = {
        "type": "TextBlock",
        "text": message.rendering.prose(config.title),
        "weight": "Bolder",
        "size": "Medium",
        "wrap": True,
        "style": "heading",
        "color": "Attention" if message.firing else "Good",
    }
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [title, {"type": "TextBlock", "text": message.rendering.prose(config.text), "wrap": True}],
        "msteams": {"width": "full"},
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}
