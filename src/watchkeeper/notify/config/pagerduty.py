"""`pagerduty_configs`: PagerDuty's Events API, version 2 by a routing key and version 1 by a service key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Secret, Section, Text, at_most_one
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import Anything, GoDurationMs, URLText

DEFAULT_DETAILS: Mapping[str, str] = {
    "firing": "{{ .Alerts.Firing | toJson }}",
    "resolved": "{{ .Alerts.Resolved | toJson }}",
    "num_firing": "{{ .Alerts.Firing | len }}",
    "num_resolved": "{{ .Alerts.Resolved | len }}",
}


class PagerdutyLink(Section):
    """A link beside the incident."""

    href: Text = ""
    text: Text = ""


class PagerdutyImage(Section):
    """An image beside the incident."""

    src: Text = ""
    alt: Text = ""
    href: Text = ""


class PagerdutyConfig(OverHTTPConfig):
    """An incident that is triggered, and resolved when all is over."""

    kind: ClassVar[str] = "pagerduty"

    service_key: Secret = Secret("")
    service_key_file: FilePath = None
    routing_key: Secret = Secret("")
    routing_key_file: FilePath = None
    url: URLText = ""
    client: Text = '{{ template "pagerduty.default.client" . }}'
    client_url: Text = '{{ template "pagerduty.default.clientURL" . }}'
    description: Text = '{{ template "pagerduty.default.description" .}}'
    details: Anything = EMPTY
    images: tuple[PagerdutyImage, ...] = ()
    links: tuple[PagerdutyLink, ...] = ()
    source: Text = ""
    severity: Text = ""
    class_: Text = ""
    component: Text = ""
    group: Text = ""
    timeout_ms: GoDurationMs = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not isinstance(self.details, Mapping):
            raise ValueError("details should be a mapping")
        at_most_one(routing_key=self.routing_key, routing_key_file=self.routing_key_file)
        at_most_one(service_key=self.service_key, service_key_file=self.service_key_file)
        if not (self.by_routing_key or self.service_key or self.service_key_file):
            raise ValueError("one of routing_key, routing_key_file, service_key or service_key_file must be given")
        return self

    @property
    def by_routing_key(self) -> bool:
        """Whether version 2 of the API is spoken."""
        return bool(self.routing_key or self.routing_key_file)

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`, with the details that are there by default."""
        updates = {
            "url": self.url or defaults.pagerduty_url,
            "source": self.source or self.client,
            "details": {**DEFAULT_DETAILS, **self.details},
        }
        return super().resolved(defaults).model_copy(update=updates)
