"""Routing and notification as one, over a control database, with channels that fail and a clock moved by hand."""

from __future__ import annotations

import itertools
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry

from journals import open_journal
from watchkeeper.access import Signer
from watchkeeper.alerts import Alerts, Received
from watchkeeper.app.configuration import load_text
from watchkeeper.journal import Search
from watchkeeper.model.alert import Alert
from watchkeeper.notify import Notify
from watchkeeper.store.control import ControlDatabase

T0 = 1_763_700_000_000
"""A day in November 2025, when every test of this folder begins."""
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class Clock:
    """A clock that tests move by hand, and that waiting moves; `jumped_ms` is what the wall clock was set by."""

    def __init__(self) -> None:
        self.ms = T0
        self.jumped_ms = 0

    def now_ms(self) -> int:
        return self.ms + self.jumped_ms

    def monotonic_s(self) -> float:
        return self.ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)


@dataclass
class Channels:
    """Webhooks by their paths; those in `down` refuse."""

    url: str = ""
    down: set[str] = field(default_factory=set)
    bodies: list[tuple[str, Any]] = field(default_factory=list)
    refused: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name, body = request.path[1:], await request.json()
        if name in self.down:
            self.refused += 1
            return web.Response(status=503)
        self.bodies.append((name, body))
        return web.Response()

    def take(self, channel: str) -> list[str]:
        """What a channel was told since the last time: each alert by its name and instance, ended ones with a minus."""
        taken = [body for name, body in self.bodies if name == channel]
        self.bodies = [one for one in self.bodies if one[0] != channel]
        return [" ".join(_shown(alert) for alert in body["alerts"]) for body in taken]


class House:
    """One server after the other over the same database."""

    def __init__(self, database: str, channels: Channels) -> None:
        self.clock = Clock()
        self.channels = channels
        self.alarms: list[Alert] = []
        self._database = database
        self._ids = itertools.count()
        self._open = AsyncExitStack()

    async def start(self, config: str) -> None:
        """Open the rooms; `URL` in the configuration is where the channels are."""
        push = self._open.push_async_callback
        self.control = control = ControlDatabase.at(self._database)
        push(control.close)
        self.registry = CollectorRegistry()
        self.journal = await open_journal(control, self.clock)
        push(self.journal.close)
        signer = Signer(self.clock, b"k" * 32)
        self.notify = Notify(
            control,
            self.journal,
            self.clock,
            self.registry,
            signer,
            external_url="http://watchkeeper.example.org",
            alarm=self.alarms.append,
            sleep=self.clock.sleep,
            jitter=lambda: 0.5,
        )
        new_id = lambda: f"id{next(self._ids)}"  # noqa: E731
        self.alerts = Alerts(control, self.journal, self.notify, self.clock, self.registry, new_id)
        await self.notify.open()
        push(self.notify.close)
        await self.alerts.open()
        push(self.alerts.close)
        configuration = load_text(config.replace("URL", self.channels.url), "watchkeeper.yml", {})
        await self.notify.apply(self.notify.prepare(configuration.notify))
        await self.alerts.silence_by(configuration.silencing)
        assert configuration.routing is not None
        await self.alerts.apply(configuration.routing)

    async def stop(self) -> None:
        await self._open.aclose()

    async def fire(self, name: str, *instances: str, lasts_ms: int | None = 100 * HOUR_MS) -> None:
        """Let alerts fire for so long (None: as long as they are sent again), or end where that is 0."""
        now = self.clock.now_ms()
        ends_at = None if lasts_ms is None else now + lasts_ms
        received = [Received({"alertname": name, "instance": one}, {}, None, ends_at) for one in instances]
        await self.alerts.post(received, "default")
        await self.look()

    async def pass_min(self, minutes: int) -> None:
        """Let time pass, second by second as far as anything is due."""
        end = self.clock.ms + minutes * MINUTE_MS
        while self.clock.ms < end:
            self.clock.ms = min(end, self.clock.ms + 5000)
            await self.look()

    async def look(self) -> None:
        dispatcher = self.alerts.dispatcher
        assert dispatcher is not None
        dispatcher.flush_due()
        await dispatcher.settle()

    async def recorded(self, kind: str, **conditions: str) -> list[str]:
        """What the journal says of a kind, the oldest first."""
        found = await self.journal.find(Search(kinds=(kind,), limit=10_000, **conditions))  # type: ignore[arg-type]  # texts, all
        return [entry.text for entry in reversed(found)]

    def figure(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


def _shown(alert: Any) -> str:
    return f"{'' if alert['status'] == 'firing' else '-'}{alert['labels']['alertname']}{alert['labels']['instance']}"
