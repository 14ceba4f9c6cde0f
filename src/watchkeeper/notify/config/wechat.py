"""`wechat_configs`: WeCom (WeChat Work)."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Text, at_most_one
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import URLText, lacking


class WechatConfig(OverHTTPConfig):
    """A message of an application to people, parties or tags."""

    kind: ClassVar[str] = "wechat"

    send_resolved: Flag = False
    api_secret: Secret = Secret("")
    api_secret_file: FilePath = None
    corp_id: Text = ""
    message: Text = '{{ template "wechat.default.message" . }}'
    api_url: URLText = ""
    to_user: Text = '{{ template "wechat.default.to_user" . }}'
    to_party: Text = '{{ template "wechat.default.to_party" . }}'
    to_tag: Text = '{{ template "wechat.default.to_tag" . }}'
    agent_id: Text = '{{ template "wechat.default.agent_id" . }}'
    message_type: Literal["text", "markdown"] = "text"

    @model_validator(mode="after")
    def _check(self) -> Self:
        at_most_one(api_secret=self.api_secret, api_secret_file=self.api_secret_file)
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where it says nothing of us."""
        updates: dict[str, object] = {
            "api_url": self.api_url or defaults.wechat_api_url,
            "corp_id": self.corp_id or defaults.wechat_api_corp_id,
        }
        if not self.api_secret and self.api_secret_file is None:
            if not defaults.wechat_api_secret and defaults.wechat_api_secret_file is None:
                raise lacking("API secret", "api_secret", "api_secret_file", "global.wechat_api_secret")
            updates |= {"api_secret": defaults.wechat_api_secret, "api_secret_file": defaults.wechat_api_secret_file}
        if not updates["corp_id"]:
            raise lacking("corporation", "corp_id", "global.wechat_api_corp_id")
        return super().resolved(defaults).model_copy(update=updates)
