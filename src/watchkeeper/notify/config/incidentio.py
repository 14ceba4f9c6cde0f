"""`incidentio_configs`: incident.io's alert sources."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import Count, FilePath, Secret, exactly_one
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import GoDurationMs, URLText


class IncidentioConfig(OverHTTPConfig):
    """The notification, as a webhook gets it."""

    kind: ClassVar[str] = "incidentio"

    url: URLText = ""
    url_file: FilePath = None
    alert_source_token: Secret = Secret("")
    alert_source_token_file: FilePath = None
    max_alerts: Count = 0
    timeout_ms: GoDurationMs = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        exactly_one(url=self.url, url_file=self.url_file)
        authorized = self.http_config is not None and self.http_config.credentials is not None
        exactly_one(
            alert_source_token=self.alert_source_token,
            alert_source_token_file=self.alert_source_token_file,
            **{"http_config.authorization": authorized},
        )
        return self
