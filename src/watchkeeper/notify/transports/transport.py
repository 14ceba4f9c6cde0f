"""What a transport is, and which one belongs to a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient
from watchkeeper.notify.config.integration import IntegrationConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.webhook import Webhook


class Transport(Protocol):
    """Renders a message once, and tells it as often as it takes."""

    def prepare(self, message: Message) -> Attempt:
        """Render everything. Raises NotifyFailure where there is nothing that could be sent."""
        ...


_TRANSPORTS: Mapping[str, Callable[[Any, HTTPClient, Clock], Transport]] = {
    "webhook": Webhook,
}


def make_transport(config: IntegrationConfig, client: HTTPClient, clock: Clock) -> Transport:
    """The transport for a configuration."""
    return _TRANSPORTS[config.kind](config, client, clock)
