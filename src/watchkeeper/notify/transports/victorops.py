"""VictorOps, now Splunk On-Call."""

from __future__ import annotations

from watchkeeper.notify.config.victorops import VictorOpsConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import in_characters

STATE_MESSAGE = 20_480
"""The most characters that VictorOps takes."""
_OPENING = frozenset({"INFO", "WARNING", "CRITICAL"})


class VictorOps:
    """An alert for an integration's routing key."""

    def __init__(self, config: VictorOpsConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config = self._config
        body = json_body(payload(config, message))
        routing_key = message.rendering.text(config.routing_key)

        async def attempt() -> str:
            key = secret_text(config.api_key, config.api_key_file)
            await self._exchange.send(Request(f"{config.api_url.rstrip('/')}/{key}/{routing_key}", body))
            return ""

        return attempt


def payload(config: VictorOpsConfig, message: Message) -> object:
    """The body (VictorOps' REST endpoint)."""
    text = message.rendering
    kind = text.text(config.message_type)
    fixed = {
        "message_type": (kind if kind in _OPENING else "CRITICAL") if message.firing else "RECOVERY",
        "entity_id": message.key,
        "entity_display_name": text.prose(config.entity_display_name),
        "state_message": in_characters(text.prose(config.state_message), STATE_MESSAGE),
        "monitoring_tool": text.prose(config.monitoring_tool),
    }
    return {**{name: text.prose(value) for name, value in config.custom_fields.items()}, **fixed}
