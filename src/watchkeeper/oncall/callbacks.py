"""What calls back: counted, taken once only, and noted where it is refused."""

from __future__ import annotations

import hashlib
import logging

from prometheus_client import CollectorRegistry, Counter

from watchkeeper.base.clock import Clock
from watchkeeper.journal import Entry, Journal, Kind
from watchkeeper.oncall.callback_signatures import CallbackRefused
from watchkeeper.store.control import ControlDatabase

log = logging.getLogger(__name__)

CHANNELS = ("link", "page", "slack", "sms", "voice")
QUIET_MS = 60_000
"""Refusals of one channel are noted once in so long: whoever forges must not fill the journal."""
_FORGET = "DELETE FROM oncall_callbacks WHERE forget_at_ms <= :now"
_TAKE = """
INSERT INTO oncall_callbacks (id, forget_at_ms) VALUES (:id, :forget_at) ON CONFLICT (id) DO NOTHING RETURNING id
"""


class Callbacks:
    """Counts by channel and outcome; its table comes with the acknowledgements' migration."""

    def __init__(self, control: ControlDatabase, journal: Journal, clock: Clock, registry: CollectorRegistry) -> None:
        self._control = control
        self._journal = journal
        self._clock = clock
        self._noted: dict[str, int] = {}
        self._unnoted: dict[str, int] = dict.fromkeys(CHANNELS, 0)
        self._counter = Counter(
            "watchkeeper_callbacks",
            "What people did from outside, by a link, a form of a page, or a channel's callback.",
            ["channel", "outcome"],
            registry=registry,
        )
        for channel in CHANNELS:
            self._counter.labels(channel, "taken")
            self._counter.labels(channel, "refused")

    def taken(self, channel: str) -> None:
        """Count one that was taken."""
        self._counter.labels(channel, "taken").inc()

    def refused(self, channel: str, why: str) -> None:
        """Count one that was refused, and note it unless one was noted just now."""
        self._counter.labels(channel, "refused").inc()
        now, before = self._clock.now_ms(), self._noted.get(channel)
        if before is not None and 0 <= now - before < QUIET_MS:
            self._unnoted[channel] += 1
            return
        self._noted[channel] = now
        text = f"a callback by {channel} was refused: {why}"
        log.warning("%s", text)
        details = {"channel": channel, "unnoted_before": self._unnoted[channel]}
        self._unnoted[channel] = 0
        self._journal.record(Entry(Kind.CALLBACK_REFUSED, now, text, details=details))

    async def take_once(self, channel: str, id: str, keep_ms: int) -> None:
        """Let an id pass once in `keep_ms`, over restarts too. Raises CallbackRefused the next time, StoreFailure."""
        now = self._clock.now_ms()
        await self._control.run([(_FORGET, [{"now": now}])])
        name = hashlib.sha256(f"{channel}:{id}".encode()).hexdigest()
        if not await self._control.rows(_TAKE, {"id": name, "forget_at": now + keep_ms}):
            raise CallbackRefused("it has come before")
