"""Alertmanager's generic webhook, version 4 of its payload."""

from __future__ import annotations

import hmac

from watchkeeper.notify.config.webhook import WebhookConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import JSON, Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside

SIGNATURE = "X-Watchkeeper-Signature"
"""The header with the HMAC-SHA256 of the body, where there is a secret for it."""


class Webhook:
    """POSTs the notification as JSON."""

    def __init__(self, config: WebhookConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything. Raises NotifyFailure where the address cannot be rendered."""
        body = json_body(payload(self._config, message))

        async def attempt() -> str:
            await self._exchange.send(Request(self._url(message), body, {**JSON, **self._signature(body)}))
            return ""

        return attempt

    def _signature(self, body: bytes) -> dict[str, str]:
        secret = secret_text(self._config.signing_secret, self._config.signing_secret_file)
        if not secret:
            return {}
        return {SIGNATURE: f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"}

    def _url(self, message: Message) -> str:
        template = secret_text(self._config.url, self._config.url_file)
        url = message.rendering.text(template)
        if not url:
            raise NotifyFailure("the webhook's address cannot be rendered")
        return url


def payload(config: WebhookConfig, message: Message) -> object:
    """The body."""
    if config.payload is not None:
        return message.rendering.nested(config.payload)
    told = message.first(config.max_alerts)
    return {
        **told.data.as_json(),
        "version": "4",
        "groupKey": message.flush.group_key,
        "truncatedAlerts": len(message.alerts) - len(told.alerts),
    }
