"""`apprise_configs`: whatever Apprise can tell. Alertmanager has no such key; it is ours, and an extra."""

from __future__ import annotations

from importlib.util import find_spec
from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import Secret, Text
from watchkeeper.notify.config.integration import IntegrationConfig


class AppriseConfig(IntegrationConfig):
    """The same message to each of some addresses in Apprise's notation, which hold secrets."""

    kind: ClassVar[str] = "apprise"

    urls: tuple[Secret, ...]
    title: Text = '{{ template "apprise.default.title" . }}'
    body: Text = '{{ template "apprise.default.body" . }}'

    @model_validator(mode="after")
    def _check(self) -> Self:
        if find_spec("apprise") is None:
            raise ValueError("the package apprise is not installed: pip install 'watchkeeper[apprise]' brings it")
        if not self.urls:
            raise ValueError("urls must name the addresses to tell")
        import apprise  # an extra, and slow to import

        for i, url in enumerate(self.urls):
            if apprise.Apprise.instantiate(url.reveal()) is None:
                raise ValueError(f"urls[{i}] is no address that Apprise knows")
        return self
