"""`rocketchat_configs`: Rocket.Chat."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Section, Text, at_most_one
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import URLText, lacking


class RocketchatField(Section):
    """A field of the attachment; `short` ones stand side by side."""

    short: Flag | None = None
    title: Text = ""
    value: Text = ""


class RocketchatAction(Section):
    """A button below the attachment."""

    type: Text = ""
    text: Text = ""
    url: Text = ""
    imageurl: Text = ""
    iswebview: Flag = False
    webviewheightratio: Text = ""
    msg: Text = ""
    msginchatwindow: Flag = False
    msgprocessingtype: Text = ""


class RocketchatConfig(OverHTTPConfig):
    """A message with one attachment, by a user's token."""

    kind: ClassVar[str] = "rocketchat"

    send_resolved: Flag = False
    api_url: URLText = ""
    token_id: Secret = Secret("")
    token_id_file: FilePath = None
    token: Secret = Secret("")
    token_file: FilePath = None
    channel: Text = ""
    color: Text = '{{ if eq .Status "firing" }}red{{ else }}green{{ end }}'
    title: Text = '{{ template "rocketchat.default.title" . }}'
    title_link: Text = '{{ template "rocketchat.default.titlelink" . }}'
    text: Text = '{{ template "rocketchat.default.text" . }}'
    fields: tuple[RocketchatField, ...] = ()
    short_fields: Flag = False
    emoji: Text = '{{ template "rocketchat.default.emoji" . }}'
    icon_url: Text = '{{ template "rocketchat.default.iconurl" . }}'
    image_url: Text = ""
    thumb_url: Text = ""
    link_names: Flag = False
    actions: tuple[RocketchatAction, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        at_most_one(token=self.token, token_file=self.token_file)
        at_most_one(token_id=self.token_id, token_id_file=self.token_id_file)
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where there is no token."""
        updates: dict[str, object] = {"api_url": self.api_url or defaults.rocketchat_api_url}
        for name in ("token", "token_id"):
            if not getattr(self, name) and getattr(self, f"{name}_file") is None:
                secret = getattr(defaults, f"rocketchat_{name}")
                file = getattr(defaults, f"rocketchat_{name}_file")
                if not secret and file is None:
                    raise lacking(name, name, f"{name}_file", f"global.rocketchat_{name}")
                updates |= {name: secret, f"{name}_file": file}
        return super().resolved(defaults).model_copy(update=updates)
