"""Microsoft Teams by a workflow."""

from __future__ import annotations

from watchkeeper.notify.config.msteams import MSTeamsV2Config
from watchkeeper.notify.message import Message


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
