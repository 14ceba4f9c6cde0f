"""`victorops_configs`: VictorOps, now Splunk On-Call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Secret, Text, at_most_one
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import URLText, lacking

RESERVED = frozenset(
    {
        "routing_key",
        "message_type",
        "state_message",
        "entity_display_name",
        "monitoring_tool",
        "entity_id",
        "entity_state",
    }
)


class VictorOpsConfig(OverHTTPConfig):
    """An alert that opens an incident, and one that recovers it."""

    kind: ClassVar[str] = "victorops"

    api_key: Secret = Secret("")
    api_key_file: FilePath = None
    api_url: URLText = ""
    routing_key: Text
    message_type: Text = "CRITICAL"
    state_message: Text = '{{ template "victorops.default.state_message" . }}'
    entity_display_name: Text = '{{ template "victorops.default.entity_display_name" . }}'
    monitoring_tool: Text = '{{ template "victorops.default.monitoring_tool" . }}'
    custom_fields: Mapping[Text, Text] = EMPTY

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.routing_key:
            raise ValueError("routing_key is empty")
        at_most_one(api_key=self.api_key, api_key_file=self.api_key_file)
        for name in self.custom_fields:
            if name in RESERVED:
                raise ValueError(f"custom_fields cannot set {name}, which the message has anyway")
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where there is no key."""
        updates: dict[str, object] = {"api_url": self.api_url or defaults.victorops_api_url}
        if not self.api_key and self.api_key_file is None:
            if not defaults.victorops_api_key and defaults.victorops_api_key_file is None:
                raise lacking("API key", "api_key", "api_key_file", "global.victorops_api_key")
            updates |= {"api_key": defaults.victorops_api_key, "api_key_file": defaults.victorops_api_key_file}
        return super().resolved(defaults).model_copy(update=updates)
