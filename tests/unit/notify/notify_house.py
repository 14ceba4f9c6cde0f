"""A room with a clock moved by hand, a server that records what it is sent, and what they talk about."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry

from watchkeeper.app.configuration.configuration import Configuration, load_text
from watchkeeper.journal import Entry, Journal, Kind, Search
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.notify import Notify

T0 = 1_763_700_000_000
"""A day in November 2025, when every test of this folder begins."""
HOUR_MS = 3_600_000
KEY = b"k" * 32
"""What the room signs with."""


class Clock:
    """A clock that tests move by hand, and that waiting moves too; `jumped_ms` is what it was set forward or back."""

    def __init__(self) -> None:
        self.ms = T0
        self.jumped_ms = 0
        self.waits: list[float] = []

    def now_ms(self) -> int:
        return self.ms + self.jumped_ms

    def monotonic_s(self) -> float:
        return self.ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.ms += round(seconds * 1000)


@dataclass
class Recorded:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Recorder:
    """Records requests; answers with what lies in `answers`, then with 200."""

    url: str = ""
    requests: list[Recorded] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    on_request: Callable[[], Awaitable[None]] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode()
        self.requests.append(Recorded(request.method, request.path_qs, dict(request.headers), body))
        if self.on_request is not None:
            await self.on_request()
        return self.answers.pop(0) if self.answers else web.json_response({})

    def take(self) -> list[Recorded]:
        """What came since the last time."""
        taken, self.requests = self.requests, []
        return taken


@dataclass
class House:
    """A room, with its clock and its figures, what it has recorded, and the alerts about itself."""

    notify: Notify
    clock: Clock
    registry: CollectorRegistry
    journal: Journal
    alarms: list[Alert]

    def figure(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    async def recorded(self, kind: Kind) -> list[Entry]:
        """What the journal has of a kind, oldest first."""
        return (await self.journal.find(Search(kinds=(kind.value,))))[::-1]

    async def apply(self, text: str) -> None:
        await self.notify.apply(self.notify.prepare(configured(text).notify))

    async def tell(self, *alerts: Alert, **changes: Any) -> bool:
        return await self.notify.notify(flush(alerts, at=self.clock.now_ms(), **changes))


Open = Callable[[str], Any]


def configured(text: str, folder: Path | None = None) -> Configuration:
    """A configuration's text as the rooms get it."""
    return load_text(text, str((folder or Path("/etc")) / "watchkeeper.yml"), {})


def alert(instance: str = "a", *, ended: bool = False, **annotations: str) -> Alert:
    """One that began an hour before the tests, and has ended a second before or never."""
    labels = Labels({"alertname": "Hot", "instance": instance, "severity": "critical"})
    ends_at = T0 - 1000 if ended else T0 + 1000 * HOUR_MS
    return Alert(labels, Labels(annotations or {"summary": "too hot"}), T0 - HOUR_MS, ends_at, "http://p/graph?x")


def flush(alerts: Sequence[Alert], *, at: int = T0, **changes: Any) -> Flush:
    """What the group of the alerts named Hot has to say."""
    values: dict[str, Any] = {
        "receiver": "team",
        "group_key": '{}:{alertname="Hot"}',
        "group_labels": Labels({"alertname": "Hot"}),
        "repeat_interval_ms": 4 * HOUR_MS,
        "deadline": at + 60_000,
    }
    return Flush(alerts=tuple(alerts), at=at, **{**values, **changes})
