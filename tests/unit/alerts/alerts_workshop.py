"""A room on a control database in memory, with a clock that tests move and a notifier that writes down."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry

from journals import open_journal
from watchkeeper.alerts import AlertLimits, Alerts, Received, Routing
from watchkeeper.app.configuration import Configuration, load_text
from watchkeeper.journal import Search
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.store.control import ControlDatabase

T0 = 1_763_700_000_000
"""A day in November 2025, when every test of this folder begins."""
RECEIVERS = "receivers: [{name: a}, {name: b}, {name: c}]\n"

_NO_LIMITS = AlertLimits()


class Clock:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.ms = T0

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1000


class Notifier:
    """Writes down what it is handed; `succeeds` is what it says, `gate` what it waits for."""

    def __init__(self) -> None:
        self.flushes: list[Flush] = []
        self.succeeds = True
        self.gate: Callable[[], Awaitable[object]] | None = None

    async def notify(self, flush: Flush) -> bool:
        self.flushes.append(flush)
        if self.gate is not None:
            await self.gate()
        return self.succeeds


def configuration(text: str) -> Configuration:
    return load_text(text + RECEIVERS, "f.yml", {})


def routing(text: str) -> Routing:
    found = configuration(text).routing
    assert found is not None
    return found


class Workshop:
    """One room after the other over the same database."""

    def __init__(self, database: str) -> None:
        self.clock = Clock()
        self.notifier = Notifier()
        self._database = database
        self._ids = itertools.count()
        self._open = AsyncExitStack()
        self.room: Alerts

    async def start(self, text: str, limits: AlertLimits = _NO_LIMITS) -> None:
        """Open a room with this configuration."""
        control = ControlDatabase.at(self._database)
        self._open.push_async_callback(control.close)
        self.registry = CollectorRegistry()
        self.journal = journal = await open_journal(control, self.clock)
        self._open.push_async_callback(journal.close)
        new_id = lambda: f"id{next(self._ids)}"  # noqa: E731
        self.room = Alerts(control, journal, self.notifier, self.clock, self.registry, new_id, limits=limits)
        self._open.push_async_callback(self.room.close)
        await self.room.open()
        await self.reload(text)
        await self._look()

    async def reload(self, text: str) -> None:
        """Live by another configuration."""
        await self.room.silence_by(configuration(text).silencing)
        await self.room.apply(routing(text))

    async def stop(self) -> None:
        await self._open.aclose()

    async def post(self, *alerts: Received, tenant: str = "default") -> None:
        await self.room.post(alerts, tenant)
        await self._look()

    async def pass_s(self, seconds: float) -> None:
        """Let time pass, in steps in which nothing is due twice."""
        end = self.clock.ms + round(seconds * 1000)
        while self.clock.ms < end:
            self.clock.ms = min(end, self.clock.ms + 500)
            await self._look()

    def told(self) -> list[tuple[str, str, list[str]]]:
        """What was told since the last time: receiver, group labels, and alerts, ended ones with a minus."""
        flushes, self.notifier.flushes = self.notifier.flushes, []
        return [(flush.receiver, _text(flush.group_labels), _names(flush)) for flush in flushes]

    async def happened(self, *kinds: str, **conditions: str) -> list[str]:
        """What the journal says of these kinds, oldest first."""
        found = await self.journal.find(Search(kinds=kinds, **conditions))  # type: ignore[arg-type]  # texts, all
        return [entry.text for entry in reversed(found)]

    def value(self, name: str, **labels: str) -> float | None:
        """One of the room's metrics."""
        return self.registry.get_sample_value(name, labels)

    async def _look(self) -> None:
        dispatcher = self.room.dispatcher
        assert dispatcher is not None
        dispatcher.flush_due()
        if self.notifier.gate is None:
            await dispatcher.settle()


def _text(labels: Labels) -> str:
    return ",".join(f"{name}={value}" for name, value in labels.pairs)


def _names(flush: Flush) -> list[str]:
    return [("-" if alert.is_resolved(flush.at) else "") + alert.labels["alertname"] for alert in flush.alerts]


def received(name: str = "A", *, starts_s: float = 0.0, ends_s: float | None = 3600.0, **labels: str) -> Received:
    """An alert that began and ends so many seconds after the beginning of the test."""
    ends_at = None if ends_s is None else T0 + round(ends_s * 1000)
    return Received({"alertname": name, **labels}, {}, T0 + round(starts_s * 1000), ends_at)
