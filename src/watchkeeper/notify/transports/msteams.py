"""Microsoft Teams by an Office 365 connector."""

from __future__ import annotations

from watchkeeper.base.http import Answer
from watchkeeper.notify.config.msteams import MSTeamsConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message

_RED, _GREEN = "8C1A1A", "2DC72D"
_REFUSED = b"Microsoft Teams endpoint returned HTTP error"


def refused(answer: Answer) -> None:
    """Raise what the connector means that answers 200 where Teams refused."""
    if _REFUSED in answer.body:
        raise NotifyFailure(answer.body[:300].decode(errors="replace"), retryable=True)


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
