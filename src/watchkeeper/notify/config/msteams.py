"""`msteams_configs` and `msteamsv2_configs`: Microsoft Teams by its old connectors, and by workflows."""

from __future__ import annotations

from typing import ClassVar

from watchkeeper.base.configuration import Text
from watchkeeper.notify.config.integration import ByWebhookConfig


class MSTeamsConfig(ByWebhookConfig):
    """A message card for an Office 365 connector."""

    kind: ClassVar[str] = "msteams"

    title: Text = '{{ template "msteams.default.title" . }}'
    summary: Text = '{{ template "msteams.default.summary" . }}'
    text: Text = '{{ template "msteams.default.text" . }}'


class MSTeamsV2Config(ByWebhookConfig):
    """An adaptive card for a workflow."""

    kind: ClassVar[str] = "msteamsv2"

    title: Text = '{{ template "msteamsv2.default.title" . }}'
    text: Text = '{{ template "msteamsv2.default.text" . }}'
