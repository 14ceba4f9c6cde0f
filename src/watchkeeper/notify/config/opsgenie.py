"""`opsgenie_configs`: Opsgenie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Section, Text, at_most_one
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import TemplateText, URLText, lacking

_RESPONDERS = ("team", "teams", "user", "escalation", "schedule")


class OpsGenieResponder(Section):
    """Who is to look after the alert, by one of three names."""

    id: Text = ""
    name: Text = ""
    username: Text = ""
    type: TemplateText = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.id or self.name or self.username):
            raise ValueError("a responder needs an id, a name or a username")
        if "{{" not in self.type and self.type.lower() not in _RESPONDERS:
            raise ValueError(f'a responder cannot be of the type "{self.type}": right are {", ".join(_RESPONDERS)}')
        return self


class OpsGenieConfig(OverHTTPConfig):
    """An alert that is created once and closed when all is over."""

    kind: ClassVar[str] = "opsgenie"

    api_key: Secret = Secret("")
    api_key_file: FilePath = None
    api_url: URLText = ""
    message: Text = '{{ template "opsgenie.default.message" . }}'
    description: Text = '{{ template "opsgenie.default.description" . }}'
    source: Text = '{{ template "opsgenie.default.source" . }}'
    details: Mapping[Text, Text] = EMPTY
    entity: Text = ""
    responders: tuple[OpsGenieResponder, ...] = ()
    actions: Text = ""
    tags: Text = ""
    note: Text = ""
    priority: Text = ""
    update_alerts: Flag = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        at_most_one(api_key=self.api_key, api_key_file=self.api_key_file)
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where there is no key."""
        updates: dict[str, object] = {"api_url": self.api_url or defaults.opsgenie_api_url}
        if not self.api_key and self.api_key_file is None:
            if not defaults.opsgenie_api_key and defaults.opsgenie_api_key_file is None:
                raise lacking("API key", "api_key", "api_key_file", "global.opsgenie_api_key")
            updates |= {"api_key": defaults.opsgenie_api_key, "api_key_file": defaults.opsgenie_api_key_file}
        return super().resolved(defaults).model_copy(update=updates)
