"""`mattermost_configs`: Mattermost's incoming webhooks."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Section, Text, at_most_one
from watchkeeper.notify.config.attachment import AttachmentField
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import SecretURL, lacking


class MattermostAttachment(Section):
    """An attachment."""

    fallback: Text = ""
    color: Text = ""
    pretext: Text = ""
    text: Text = ""
    author_name: Text = ""
    author_link: Text = ""
    author_icon: Text = ""
    title: Text = ""
    title_link: Text = ""
    fields: tuple[AttachmentField, ...] = ()
    thumb_url: Text = ""
    footer: Text = ""
    footer_icon: Text = ""
    image_url: Text = ""


class MattermostPriority(Section):
    """How urgent the message is, and whether it must be acknowledged."""

    priority: Text = ""
    requested_ack: Flag = False
    persistent_notifications: Flag = False


class MattermostProps(Section):
    """What stands in the sidebar."""

    card: Text = ""


class MattermostConfig(MattermostAttachment, OverHTTPConfig):
    """A message with one attachment made of the keys here, or with `attachments` of the user's own."""

    kind: ClassVar[str] = "mattermost"

    webhook_url: SecretURL = Secret("")
    webhook_url_file: FilePath = None
    channel: Text = ""
    username: Text = '{{ template "mattermost.default.username" . }}'
    text: Text = '{{ template "mattermost.default.text" . }}'
    fallback: Text = '{{ template "mattermost.default.fallback" . }}'
    color: Text = '{{ template "mattermost.default.color" . }}'
    title: Text = '{{ template "mattermost.default.title" . }}'
    title_link: Text = '{{ template "mattermost.default.titlelink" . }}'
    icon_url: Text = ""
    icon_emoji: Text = ""
    attachments: tuple[MattermostAttachment, ...] = ()
    type: Text = ""
    props: MattermostProps | None = None
    priority: MattermostPriority | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        at_most_one(webhook_url=self.webhook_url, webhook_url_file=self.webhook_url_file)
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where there is no address."""
        updates: dict[str, object] = {}
        if not self.webhook_url and self.webhook_url_file is None:
            if not defaults.mattermost_webhook_url and defaults.mattermost_webhook_url_file is None:
                raise lacking("address", "webhook_url", "webhook_url_file", "global.mattermost_webhook_url")
            updates["webhook_url"] = defaults.mattermost_webhook_url
            updates["webhook_url_file"] = defaults.mattermost_webhook_url_file
        return super().resolved(defaults).model_copy(update=updates)
