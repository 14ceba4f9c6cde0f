"""Mattermost's incoming webhooks."""

from __future__ import annotations

from watchkeeper.notify.config.mattermost import MattermostAttachment, MattermostConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.transports.truncating import given, in_characters

TEXT = 16_383
"""The most characters that Mattermost takes."""
_OWN = [name for name in MattermostAttachment.model_fields if name != "fields"]


def payload(config: MattermostConfig, message: Message) -> object:
    """The body (Mattermost's incoming webhook)."""
    text = message.rendering
    sources = config.attachments or (config,)
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


def _attachment(source: MattermostAttachment, message: Message) -> dict[str, object]:
    text = message.rendering
    values = {name: text.prose(getattr(source, name)) for name in _OWN}
    values["text"] = in_characters(values["text"], TEXT)
    fields = [
        {"title": text.prose(field.title), "value": text.prose(field.value), **given(short=field.short)}
        for field in source.fields
    ]
    return given(**values, fields=fields)
