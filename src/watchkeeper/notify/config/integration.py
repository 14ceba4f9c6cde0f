"""What the configurations of all integrations have in common."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Section, exactly_one
from watchkeeper.base.http import HTTPClientConfig
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.scalars import SecretURL


class IntegrationConfig(Section):
    """One way to tell people; `kind` is the name that metrics, the log and errors use for it."""

    kind: ClassVar[str]

    send_resolved: Flag = True

    @property
    def timeout_s(self) -> float:
        """Seconds that one attempt may take; 0 leaves it to the time that the notification has."""
        return getattr(self, "timeout_ms", 0) / 1000

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where something is given in neither."""
        return self


class OverHTTPConfig(IntegrationConfig):
    """An integration that is reached over HTTP."""

    http_config: HTTPClientConfig | None = None

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where something is given in neither."""
        return self.model_copy(update={"http_config": self.http_config or defaults.http_config})


class ByWebhookConfig(OverHTTPConfig):
    """An integration whose secret address stands in the file, or in a file of its own."""

    webhook_url: SecretURL = Secret("")
    webhook_url_file: FilePath = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        exactly_one(webhook_url=self.webhook_url, webhook_url_file=self.webhook_url_file)
        return self
