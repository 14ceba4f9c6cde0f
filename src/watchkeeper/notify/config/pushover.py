"""`pushover_configs`: Pushover."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Text, at_most_one, exactly_one
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import GoDurationMs


class PushoverConfig(OverHTTPConfig):
    """A push to somebody's devices; while alerts fire it is an emergency, which is pushed again until it is seen."""

    kind: ClassVar[str] = "pushover"

    user_key: Secret = Secret("")
    user_key_file: FilePath = None
    token: Secret = Secret("")
    token_file: FilePath = None
    title: Text = '{{ template "pushover.default.title" . }}'
    message: Text = '{{ template "pushover.default.message" . }}'
    url: Text = '{{ template "pushover.default.url" . }}'
    url_title: Text = ""
    device: Text = ""
    sound: Text = ""
    priority: Text = '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}'
    retry_ms: GoDurationMs = 60_000
    expire_ms: GoDurationMs = 3_600_000
    ttl_ms: GoDurationMs = 0
    html: Flag = False
    monospace: Flag = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        exactly_one(user_key=self.user_key, user_key_file=self.user_key_file)
        exactly_one(token=self.token, token_file=self.token_file)
        at_most_one(html=self.html, monospace=self.monospace)
        return self
