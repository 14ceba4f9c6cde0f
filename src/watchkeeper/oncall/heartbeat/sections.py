"""`heartbeats` and `dead_mans_switches`, as they are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from watchkeeper.base.configuration import DurationMs, FilePath, Secret, Section, Text
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.base.http import HTTPClientConfig
from watchkeeper.model.samples import DEFAULT_TENANT

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f'"{name}" cannot be part of a path: up to 100 letters, digits and _.- would be right')
    return name


def _longer_than_zero(ms: int) -> int:
    if ms == 0:
        raise ValueError("must be longer than 0s")
    return ms


PathName = Annotated[Text, AfterValidator(_name)]
Period = Annotated[DurationMs, AfterValidator(_longer_than_zero)]


class HeartbeatConfig(Section):
    """Somebody who says `every` so often that all is well, and may be `grace` late before an alert says so.

    `labels` and `annotations` are those of the alert, besides `alertname` and `heartbeat`. With a token, only who
    knows it is believed.
    """

    name: PathName
    every_ms: Period
    grace_ms: DurationMs = 60_000
    labels: Mapping[Text, Text] = EMPTY
    annotations: Mapping[Text, Text] = EMPTY
    tenant: Text = DEFAULT_TENANT
    token: Secret = Secret("")
    token_file: FilePath = None

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if self.token and self.token_file is not None:
            raise ValueError("at most one of token and token_file may be set")
        return self

    def secret(self) -> str:
        """The token, empty where anybody is believed. Raises OSError where its file cannot be read."""
        return self.token_file.read_text().strip() if self.token_file is not None else self.token.reveal()


class DeadMansSwitchConfig(HTTPClientConfig):
    """An address outside that hears from us as long as people would be told; its owner raises the alarm if not."""

    name: Text = ""
    url: Secret = Secret("")
    url_file: FilePath = None
    method: Literal["GET", "HEAD", "POST", "PUT"] = "GET"
    interval_ms: Period = 60_000
    timeout_ms: Period = 10_000

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if bool(self.url) == (self.url_file is not None):
            raise ValueError("exactly one of url and url_file must be set")
        if self.url and not self.url.reveal().startswith(("http://", "https://")):
            raise ValueError("the url of a dead man's switch must start with http:// or https://")
        return self

    def address(self) -> str:
        """The URL. Raises OSError where its file cannot be read."""
        return self.url_file.read_text().strip() if self.url_file is not None else self.url.reveal()


class HeartbeatSections(Section):
    """The top level, as far as it is about signs of life."""

    heartbeats: tuple[HeartbeatConfig, ...] = ()
    dead_mans_switches: tuple[DeadMansSwitchConfig, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        twice = [name for name, count in Counter(one.name for one in self.heartbeats).items() if count > 1]
        if twice:
            raise ValueError(f'there are two heartbeats "{twice[0]}": names must differ')
        return self
