"""Where rules lie and where alerts go: Prometheus' `rule_files` and `alerting`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from watchkeeper.base.configuration import DurationMs, NotYet, Section, Text
from watchkeeper.base.http import HTTPClientConfig
from watchkeeper.discovery.config import DiscoveryConfigs
from watchkeeper.model.relabel import RelabelRule


class AlertmanagerConfig(HTTPClientConfig, DiscoveryConfigs):
    """Alertmanagers that get every alert, spoken to by their API v2."""

    scheme: Text = "http"
    path_prefix: Text = ""
    timeout_ms: DurationMs = 10_000
    api_version: Literal["v2"] = "v2"
    sigv4: Annotated[dict[str, Any] | None, NotYet("signing requests for AWS")] = None
    relabel_configs: tuple[RelabelRule, ...] = ()
    alert_relabel_configs: tuple[RelabelRule, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.sigv4 is not None and (self.basic_auth or self.authorization or self.oauth2):
            raise ValueError("at most one of basic_auth, authorization, oauth2 and sigv4 may be given")
        if not self.relabel_configs:
            self.check_static_targets()
        return self


class AlertingConfig(Section):
    """The `alerting` section."""

    alert_relabel_configs: tuple[RelabelRule, ...] = ()
    alertmanagers: tuple[AlertmanagerConfig, ...] = ()
