"""`twilio_configs`: SMS and calls by Twilio. Alertmanager has no such key; it is ours."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Text, exactly_one
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import URLText

SPOKEN = '{{ template "twilio.default.voice" . }}'
"""What a call says."""


class TwilioConfig(OverHTTPConfig):
    """An SMS to each of some numbers, from a number or by a messaging service; or, with `voice`, a call.

    Without `callback` a call only says its message: that needs no address of ours which Twilio can reach.
    """

    kind: ClassVar[str] = "twilio"

    api_url: URLText = "https://api.twilio.com"
    account_sid: Text
    auth_token: Secret = Secret("")
    auth_token_file: FilePath = None
    from_: Text = ""
    messaging_service_sid: Text = ""
    to: tuple[Text, ...]
    message: Text = '{{ template "twilio.default.message" . }}'
    voice: Flag = False
    callback: Flag = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.account_sid:
            raise ValueError("account_sid is empty")
        if not self.to or not all(self.to):
            raise ValueError("to must name the numbers to tell")
        exactly_one(auth_token=self.auth_token, auth_token_file=self.auth_token_file)
        exactly_one(**{"from": self.from_, "messaging_service_sid": self.messaging_service_sid})
        if self.voice and not self.from_:
            raise ValueError("a call needs from, the number that calls: a messaging service cannot call")
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`; nobody is called about an end who has not asked for that."""
        spoken: dict[str, object] = {"send_resolved": False, "message": SPOKEN}
        updates = {name: value for name, value in spoken.items() if self.voice and name not in self.model_fields_set}
        return super().resolved(defaults).model_copy(update=updates)
