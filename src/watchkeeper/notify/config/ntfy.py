"""`ntfy_configs`: ntfy. Alertmanager has no such key; it is ours."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from watchkeeper.base.configuration import Flag, Secret, Section, Text
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import URLText

MOST_ACTIONS = 3
"""The most buttons that ntfy takes."""


class NtfyAction(Section):
    """A button: `view` opens the address, `http` sends a request to it."""

    action: Literal["view", "http"] = "view"
    label: Text
    url: Text
    method: Text = ""
    body: Text = ""
    clear: Flag = False


class NtfyConfig(OverHTTPConfig):
    """A push to whoever subscribes to a topic, whose name is kept like a password."""

    kind: ClassVar[str] = "ntfy"

    url: URLText = "https://ntfy.sh"
    topic: Secret
    title: Text = '{{ template "ntfy.default.title" . }}'
    message: Text = '{{ template "ntfy.default.message" . }}'
    priority: Text = '{{ if eq .Status "firing" }}high{{ else }}default{{ end }}'
    tags: tuple[Text, ...] = ('{{ if eq .Status "firing" }}rotating_light{{ else }}white_check_mark{{ end }}',)
    click: Text = '{{ template "ntfy.default.click" . }}'
    actions: tuple[NtfyAction, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.topic:
            raise ValueError("topic is empty")
        if len(self.actions) > MOST_ACTIONS:
            raise ValueError(f"ntfy takes {MOST_ACTIONS} actions at the most, here are {len(self.actions)}")
        return self
