"""Discord's webhooks."""

from __future__ import annotations

from watchkeeper.notify.config.discord import DiscordConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

TITLE, DESCRIPTION, CONTENT = 256, 4096, 2000
"""The most characters that Discord takes."""
_RED, _GREEN = 0x992D22, 0x2ECC71


class Discord:
    """One message with one embed."""

    def __init__(self, config: DiscordConfig, outside: Outside) -> None:
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


def payload(config: DiscordConfig, message: Message) -> object:
    """The body (Discord's «Execute Webhook»)."""
    text = message.rendering
    embed = {
        "title": in_characters(text.prose(config.title), TITLE),
        "description": in_characters(text.prose(config.message), DESCRIPTION),
        "color": _RED if message.firing else _GREEN,
    }
    return {
        "content": in_characters(text.prose(config.content), CONTENT),
        "embeds": [embed],
        **given(username=config.username, avatar_url=config.avatar_url),
    }
