"""`discord_configs`: Discord's webhooks."""

from __future__ import annotations

from typing import ClassVar

from watchkeeper.base.configuration import Text
from watchkeeper.notify.config.integration import ByWebhookConfig
from watchkeeper.notify.config.scalars import URLText


class DiscordConfig(ByWebhookConfig):
    """One message with one embed."""

    kind: ClassVar[str] = "discord"

    content: Text = ""
    title: Text = '{{ template "discord.default.title" . }}'
    message: Text = '{{ template "discord.default.message" . }}'
    username: Text = ""
    avatar_url: URLText = ""
