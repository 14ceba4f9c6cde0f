"""Cisco Webex."""

from __future__ import annotations

from watchkeeper.notify.config.webex import WebexConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import in_bytes

MESSAGE_BYTES = 7439
"""What Webex takes, less what encrypting it there adds."""


class Webex:
    """A message in a room."""

    def __init__(self, config: WebexConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        text = message.rendering
        markdown = in_bytes(text.prose(self._config.message), MESSAGE_BYTES)
        body = json_body({"markdown": markdown, "roomId": text.text(self._config.room_id)})

        async def attempt() -> str:
            await self._exchange.send(Request(self._config.api_url, body))
            return ""

        return attempt
