"""Alertmanager's sections, known by name so that its file may be given too; what they say has no effect yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from watchkeeper.base.configuration import NotYet, Section
from watchkeeper.base.configuration.secret import hide_telling


def _hidden(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError("should be a mapping")
    return hide_telling(value)


def _hidden_scalar(value: object) -> object:
    return hide_telling({"secret": value})


_ROUTING = NotYet("routing alerts to receivers")
_Opaque: TypeAlias = Annotated[Mapping[str, Any], BeforeValidator(_hidden)]
_OpaqueValue: TypeAlias = Annotated[Mapping[str, Any] | None, BeforeValidator(_hidden_scalar), _ROUTING]


class NotificationSections(Section):
    """The top level of alertmanager.yml."""

    route: Annotated[_Opaque | None, _ROUTING] = None
    receivers: Annotated[tuple[_Opaque, ...], _ROUTING] = ()
    templates: Annotated[tuple[str, ...], _ROUTING] = ()
    inhibit_rules: Annotated[tuple[_Opaque, ...], _ROUTING] = ()
    mute_time_intervals: Annotated[tuple[_Opaque, ...], _ROUTING] = ()
    time_intervals: Annotated[tuple[_Opaque, ...], _ROUTING] = ()


class NotificationGlobal(Section):
    """The `global` section of alertmanager.yml."""

    resolve_timeout: _OpaqueValue = None
    http_config: _OpaqueValue = None
    smtp_from: _OpaqueValue = None
    smtp_hello: _OpaqueValue = None
    smtp_smarthost: _OpaqueValue = None
    smtp_auth_username: _OpaqueValue = None
    smtp_auth_username_file: _OpaqueValue = None
    smtp_auth_password: _OpaqueValue = None
    smtp_auth_password_file: _OpaqueValue = None
    smtp_auth_secret: _OpaqueValue = None
    smtp_auth_secret_file: _OpaqueValue = None
    smtp_auth_identity: _OpaqueValue = None
    smtp_require_tls: _OpaqueValue = None
    smtp_tls_config: _OpaqueValue = None
    smtp_force_implicit_tls: _OpaqueValue = None
    slack_api_url: _OpaqueValue = None
    slack_api_url_file: _OpaqueValue = None
    slack_app_token: _OpaqueValue = None
    slack_app_token_file: _OpaqueValue = None
    slack_app_url: _OpaqueValue = None
    pagerduty_url: _OpaqueValue = None
    opsgenie_api_url: _OpaqueValue = None
    opsgenie_api_key: _OpaqueValue = None
    opsgenie_api_key_file: _OpaqueValue = None
    wechat_api_url: _OpaqueValue = None
    wechat_api_secret: _OpaqueValue = None
    wechat_api_secret_file: _OpaqueValue = None
    wechat_api_corp_id: _OpaqueValue = None
    victorops_api_url: _OpaqueValue = None
    victorops_api_key: _OpaqueValue = None
    victorops_api_key_file: _OpaqueValue = None
    telegram_api_url: _OpaqueValue = None
    telegram_bot_token: _OpaqueValue = None
    telegram_bot_token_file: _OpaqueValue = None
    webex_api_url: _OpaqueValue = None
    msteams_webhook_url: _OpaqueValue = None
    jira_api_url: _OpaqueValue = None
    rocketchat_api_url: _OpaqueValue = None
    rocketchat_token: _OpaqueValue = None
    rocketchat_token_file: _OpaqueValue = None
    rocketchat_token_id: _OpaqueValue = None
    rocketchat_token_id_file: _OpaqueValue = None
    mattermost_webhook_url: _OpaqueValue = None
    mattermost_webhook_url_file: _OpaqueValue = None
