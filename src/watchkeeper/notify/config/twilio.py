"""`twilio_configs`: SMS by Twilio. Alertmanager has no such key; it is ours."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Secret, Text
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import URLText, exactly_one


class TwilioConfig(OverHTTPConfig):
    """An SMS to each of some numbers, from a number or by a messaging service."""

    kind: ClassVar[str] = "twilio"

    api_url: URLText = "https://api.twilio.com"
    account_sid: Text
    auth_token: Secret = Secret("")
    auth_token_file: FilePath = None
    from_: Text = ""
    messaging_service_sid: Text = ""
    to: tuple[Text, ...]
    message: Text = '{{ template "twilio.default.message" . }}'

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.account_sid:
            raise ValueError("account_sid is empty")
        if not self.to or not all(self.to):
            raise ValueError("to must name the numbers to tell")
        exactly_one(auth_token=self.auth_token, auth_token_file=self.auth_token_file)
        exactly_one(**{"from": self.from_, "messaging_service_sid": self.messaging_service_sid})
        return self
