"""Where alerts go."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from watchkeeper.model.alert import Alert

log = logging.getLogger(__name__)


class AlertSink(Protocol):
    """Takes alerts that fire, go on firing, or have ended; the caller repeats them, so one may be lost."""

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Take the alerts, soon: what takes long belongs behind a queue. Must not raise."""
        ...


class FanOut:
    """Several sinks as one; what goes wrong in one does not concern the others."""

    def __init__(self, sinks: Sequence[AlertSink] = ()) -> None:
        self._sinks = list(sinks)

    def add(self, sink: AlertSink) -> None:
        """Send to one more."""
        self._sinks.append(sink)

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Hand the alerts to every sink."""
        for sink in self._sinks:
            try:
                await sink.send(alerts)
            except Exception:
                log.exception("%d alerts could not be handed to %s", len(alerts), type(sink).__name__)
