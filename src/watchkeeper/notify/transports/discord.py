"""Discord's webhooks."""

from __future__ import annotations

from watchkeeper.notify.config.discord import DiscordConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.transports.truncating import given, in_characters

TITLE, DESCRIPTION, CONTENT = 256, 4096, 2000
"""The most characters that Discord takes."""
_RED, _GREEN = 0x992D22, 0x2ECC71


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
