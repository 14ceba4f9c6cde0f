"""Telegram's bots."""

from __future__ import annotations

from watchkeeper.notify.config.telegram import TelegramConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

MESSAGE = 4096
"""The most characters that Telegram takes."""


class Telegram:
    """A message in a chat."""

    def __init__(self, config: TelegramConfig, outside: Outside) -> None:
        self._config = config
        # Telegram is asked again whatever it answers, as Alertmanager does.
        self._exchange = Exchange(outside, also_retried=range(400, 500))

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config, rendering = self._config, message.rendering
        render = rendering.html if config.parse_mode == "HTML" else rendering.prose
        told = {
            "text": in_characters(render(config.message), MESSAGE),
            "disable_web_page_preview": "true",
            **given(
                parse_mode=config.parse_mode,
                disable_notification="true" if config.disable_notifications else "",
                message_thread_id=str(config.message_thread_id) if config.message_thread_id else "",
            ),
        }

        async def attempt() -> str:
            chat = secret_text(str(config.chat_id), config.chat_id_file)
            token = secret_text(config.bot_token, config.bot_token_file)
            url = f"{config.api_url.rstrip('/')}/bot{token}/sendMessage"
            await self._exchange.send(Request(url, json_body({**told, "chat_id": chat})))
            return ""

        return attempt
