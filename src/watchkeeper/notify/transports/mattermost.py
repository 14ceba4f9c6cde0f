"""Mattermost's incoming webhooks."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.notify.config.mattermost import MattermostAttachment, MattermostConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

TEXT = 16_383
"""The most characters that Mattermost takes."""
_OWN = (
    "fallback",
    "color",
    "pretext",
    "text",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "thumb_url",
    "footer",
    "footer_icon",
    "image_url",
)


class Mattermost:
    """A message with attachments."""

    def __init__(self, config: MattermostConfig, outside: Outside) -> None:
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


def payload(config: MattermostConfig, message: Message) -> object:
    """The body (Mattermost's incoming webhook)."""
    text = message.rendering
    sources: Sequence[MattermostAttachment | MattermostConfig] = config.attachments or (config,)
    told = given(
        channel=text.text(config.channel),
        username=text.text(config.username),
        icon_url=text.text(config.icon_url),
        icon_emoji=text.text(config.icon_emoji),
        text=in_characters(text.prose(config.text), TEXT) if config.attachments else "",
        attachments=[_attachment(source, message) for source in sources],
        type=config.type,
    )
    if config.props is not None:
        told["props"] = given(card=text.prose(config.props.card))
    if config.priority is not None:
        told["priority"] = given(
            priority=text.text(config.priority.priority),
            requested_ack=config.priority.requested_ack or None,
            persistent_notifications=config.priority.persistent_notifications or None,
        )
    return told


def _attachment(source: MattermostAttachment | MattermostConfig, message: Message) -> dict[str, object]:
    text = message.rendering
    values = {name: text.prose(getattr(source, name)) for name in _OWN}
    values["text"] = in_characters(values["text"], TEXT)
    fields = [
        {"title": text.prose(field.title), "value": text.prose(field.value), **given(short=field.short)}
        for field in source.fields
    ]
    return given(**values, fields=fields)
