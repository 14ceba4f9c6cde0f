"""incident.io's alert sources."""

from __future__ import annotations

from watchkeeper.notify.config.incidentio import IncidentioConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import JSON, Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside


class Incidentio:
    """The notification, as a webhook gets it."""

    def __init__(self, config: IncidentioConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config = self._config
        told = message.first(config.max_alerts)
        body = json_body(
            {
                **told.data.as_json(),
                "version": "1",
                "groupKey": message.flush.group_key,
                "truncatedAlerts": len(message.alerts) - len(told.alerts),
            }
        )

        async def attempt() -> str:
            headers = dict(JSON)
            token = secret_text(config.alert_source_token, config.alert_source_token_file)
            if token:
                headers["Authorization"] = f"Bearer {token}"
            await self._exchange.send(Request(secret_text(config.url, config.url_file), body, headers))
            return ""

        return attempt
