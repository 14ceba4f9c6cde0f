"""The notification keys of `global`: what integrations take where they say nothing themselves."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Section, Text, at_most_one
from watchkeeper.base.http import HTTPClientConfig, TLSConfig
from watchkeeper.notify.config.scalars import HostPort, SecretURL, URLText


class NotificationDefaults(Section):
    """The keys of `global` that alertmanager.yml has for notifications, with Alertmanager's defaults."""

    http_config: HTTPClientConfig = HTTPClientConfig()
    smtp_from: Text = ""
    smtp_hello: Text = "localhost"
    smtp_smarthost: HostPort = ""
    smtp_auth_username: Text = ""
    smtp_auth_username_file: FilePath = None
    smtp_auth_password: Secret = Secret("")
    smtp_auth_password_file: FilePath = None
    smtp_auth_secret: Secret = Secret("")
    smtp_auth_secret_file: FilePath = None
    smtp_auth_identity: Text = ""
    smtp_require_tls: Flag = True
    smtp_tls_config: TLSConfig = TLSConfig()
    smtp_force_implicit_tls: Flag | None = None
    slack_api_url: SecretURL = Secret("")
    slack_api_url_file: FilePath = None
    slack_app_token: Secret = Secret("")
    slack_app_token_file: FilePath = None
    slack_app_url: URLText = "https://slack.com/api/chat.postMessage"
    pagerduty_url: URLText = "https://events.pagerduty.com/v2/enqueue"
    opsgenie_api_url: URLText = "https://api.opsgenie.com/"
    opsgenie_api_key: Secret = Secret("")
    opsgenie_api_key_file: FilePath = None
    wechat_api_url: URLText = "https://qyapi.weixin.qq.com/cgi-bin/"
    wechat_api_secret: Secret = Secret("")
    wechat_api_secret_file: FilePath = None
    wechat_api_corp_id: Text = ""
    victorops_api_url: URLText = "https://alert.victorops.com/integrations/generic/20131114/alert/"
    victorops_api_key: Secret = Secret("")
    victorops_api_key_file: FilePath = None
    telegram_api_url: URLText = "https://api.telegram.org"
    telegram_bot_token: Secret = Secret("")
    telegram_bot_token_file: FilePath = None
    webex_api_url: URLText = "https://webexapis.com/v1/messages"
    jira_api_url: URLText = ""
    rocketchat_api_url: URLText = "https://open.rocket.chat/"
    rocketchat_token: Secret = Secret("")
    rocketchat_token_file: FilePath = None
    rocketchat_token_id: Secret = Secret("")
    rocketchat_token_id_file: FilePath = None
    mattermost_webhook_url: SecretURL = Secret("")
    mattermost_webhook_url_file: FilePath = None

    @model_validator(mode="after")
    def _one_source_each(self) -> Self:
        for name in type(self).model_fields:
            if name.endswith("_file") and (bare := name.removesuffix("_file")) in NotificationDefaults.model_fields:
                at_most_one(**{bare: getattr(self, bare), name: getattr(self, name)})
        if self.slack_api_url.reveal() != self.slack_app_url:
            at_most_one(
                slack_api_url=self.slack_api_url or self.slack_api_url_file,
                slack_app_token=self.slack_app_token or self.slack_app_token_file,
            )
        return self
