"""`slack_configs`: Slack, by an incoming webhook or by a bot."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Section, Text, at_most_one
from watchkeeper.notify.config.attachment import AttachmentField
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import Anything, GoDurationMs, SecretURL, URLText, lacking


class SlackConfirmation(Section):
    """What is asked before a button does its work."""

    text: Text
    title: Text = ""
    ok_text: Text = ""
    dismiss_text: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.text:
            raise ValueError("a confirmation needs a text")
        return self


class SlackAction(Section):
    """A button: with a `url` it leads there, with a `name` Slack tells the bot of it."""

    type: Text
    text: Text
    url: Text = ""
    style: Text = ""
    name: Text = ""
    value: Text = ""
    confirm: SlackConfirmation | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.type and self.text):
            raise ValueError("an action needs a type and a text")
        if not (self.url or self.name):
            raise ValueError("an action needs a url or a name")
        return self


class SlackConfig(OverHTTPConfig):
    """A message with one attachment.

    With `update_message` a bot changes its first message about a group instead of writing more of them; with `thread`,
    which is ours, it answers to it as well. Ours are `blocks` and `interactive` buttons, too.
    """

    kind: ClassVar[str] = "slack"

    send_resolved: Flag = False
    api_url: SecretURL = Secret("")
    api_url_file: FilePath = None
    app_token: Secret = Secret("")
    app_token_file: FilePath = None
    app_url: URLText = ""
    channel: Text = ""
    username: Text = '{{ template "slack.default.username" . }}'
    color: Text = '{{ template "slack.default.color" . }}'
    title: Text = '{{ template "slack.default.title" . }}'
    title_link: Text = '{{ template "slack.default.titlelink" . }}'
    pretext: Text = '{{ template "slack.default.pretext" . }}'
    text: Text = '{{ template "slack.default.text" . }}'
    message_text: Text = ""
    fields: tuple[AttachmentField, ...] = ()
    short_fields: Flag = False
    footer: Text = '{{ template "slack.default.footer" . }}'
    fallback: Text = '{{ template "slack.default.fallback" . }}'
    callback_id: Text = '{{ template "slack.default.callbackid" . }}'
    icon_emoji: Text = '{{ template "slack.default.iconemoji" . }}'
    icon_url: Text = '{{ template "slack.default.iconurl" . }}'
    image_url: Text = ""
    thumb_url: Text = ""
    link_names: Flag = False
    mrkdwn_in: tuple[Text, ...] = ()
    actions: tuple[SlackAction, ...] = ()
    update_message: Flag = False
    thread: Flag = False
    blocks: Anything = None
    interactive: Flag = False
    timeout_ms: GoDurationMs = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        at_most_one(api_url=self.api_url, api_url_file=self.api_url_file)
        at_most_one(app_token=self.app_token, app_token_file=self.app_token_file)
        at_most_one(
            api_url=self.api_url or self.api_url_file is not None,
            app_token=self.app_token or self.app_token_file is not None,
        )
        if self.http_config is not None and self.http_config.credentials is not None:
            at_most_one(app_token=self.app_token or self.app_token_file, **{"http_config.authorization": True})
        return self

    @property
    def by_app(self) -> bool:
        """Whether a bot's token is used, and not a webhook's address."""
        return bool(self.app_token or self.app_token_file)

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where there is neither an address nor a token."""
        updates: dict[str, object] = {"app_url": self.app_url or defaults.slack_app_url}
        if not (self.by_app or self.api_url or self.api_url_file):
            names = ("app_token", "app_token_file") if _has_app(defaults) else ("api_url", "api_url_file")
            updates |= {name: getattr(defaults, f"slack_{name}") for name in names}
            if not any(updates[name] for name in names):
                raise lacking("Slack address", "api_url", "api_url_file", "app_token", "global.slack_api_url")
        resolved = super().resolved(defaults).model_copy(update=updates)
        if resolved.thread and not resolved.by_app:
            raise ValueError("thread needs an app_token: an incoming webhook cannot answer to its messages")
        return resolved


def _has_app(defaults: NotificationDefaults) -> bool:
    return bool(defaults.slack_app_token or defaults.slack_app_token_file)
