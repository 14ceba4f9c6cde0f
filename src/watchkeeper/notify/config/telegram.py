"""`telegram_configs`: Telegram's bots."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Integer, Secret, Text, at_most_one, exactly_one
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import GoDurationMs, URLText, lacking


class TelegramConfig(OverHTTPConfig):
    """A message in a chat, or in one of its threads."""

    kind: ClassVar[str] = "telegram"

    api_url: URLText = ""
    bot_token: Secret = Secret("")
    bot_token_file: FilePath = None
    chat_id: Integer = 0
    chat_id_file: FilePath = None
    message_thread_id: Integer = 0
    message: Text = '{{ template "telegram.default.message" . }}'
    disable_notifications: Flag = False
    parse_mode: Literal["", "Markdown", "MarkdownV2", "HTML"] = "HTML"
    timeout_ms: GoDurationMs = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        at_most_one(bot_token=self.bot_token, bot_token_file=self.bot_token_file)
        exactly_one(chat_id=self.chat_id, chat_id_file=self.chat_id_file)
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where there is no token."""
        updates: dict[str, object] = {"api_url": self.api_url or defaults.telegram_api_url}
        if not self.bot_token and self.bot_token_file is None:
            if not defaults.telegram_bot_token and defaults.telegram_bot_token_file is None:
                raise lacking("bot token", "bot_token", "bot_token_file", "global.telegram_bot_token")
            updates["bot_token"] = defaults.telegram_bot_token
            updates["bot_token_file"] = defaults.telegram_bot_token_file
        return super().resolved(defaults).model_copy(update=updates)
