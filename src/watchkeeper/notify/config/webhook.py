"""`webhook_configs`: a POST of the whole notification to an address of the user's own."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import Count, FilePath, Secret, at_most_one, exactly_one
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import Anything, GoDurationMs, SecretTemplateURL


class WebhookConfig(OverHTTPConfig):
    """Alertmanager's generic webhook.

    Of more than `max_alerts` alerts the rest is counted and not sent (0: no bound). A `payload` replaces what is
    sent by a value of the user's own, whose texts are templates. With a `signing_secret`, which is ours and not
    Alertmanager's, the body is signed.
    """

    kind: ClassVar[str] = "webhook"

    url: SecretTemplateURL = Secret("")
    url_file: FilePath = None
    max_alerts: Count = 0
    timeout_ms: GoDurationMs = 0
    payload: Anything = None
    signing_secret: Secret = Secret("")
    signing_secret_file: FilePath = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        exactly_one(url=self.url, url_file=self.url_file)
        at_most_one(signing_secret=self.signing_secret, signing_secret_file=self.signing_secret_file)
        return self
