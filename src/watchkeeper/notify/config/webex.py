"""`webex_configs`: Cisco Webex."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import Text
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import URLText


class WebexConfig(OverHTTPConfig):
    """A message in a room, by a bot whose token stands in `http_config.authorization`."""

    kind: ClassVar[str] = "webex"

    api_url: URLText = ""
    message: Text = '{{ template "webex.default.message" . }}'
    room_id: Text

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.room_id:
            raise ValueError("room_id is empty")
        if self.http_config is None or self.http_config.credentials is None:
            raise ValueError("http_config.authorization is missing: it holds the bot's token")
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`."""
        completed = super().resolved(defaults)
        return completed.model_copy(update={"api_url": self.api_url or defaults.webex_api_url})
