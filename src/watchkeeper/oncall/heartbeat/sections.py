"""`heartbeats` and `dead_mans_switches`, as they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from watchkeeper.base.configuration import (
    DurationMs,
    FilePath,
    PathName,
    Secret,
    Section,
    Text,
    TokenSection,
    exactly_one,
)
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.base.http import HTTPClientConfig
from watchkeeper.model.tenant import DEFAULT_TENANT


def _longer_than_zero(ms: int) -> int:
    if ms == 0:
        raise ValueError("must be longer than 0s")
    return ms


Period = Annotated[DurationMs, AfterValidator(_longer_than_zero)]


class HeartbeatConfig(TokenSection):
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
        exactly_one(url=self.url, url_file=self.url_file)
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
