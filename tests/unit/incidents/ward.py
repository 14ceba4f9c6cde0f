"""Where incidents are looked after: alerts come in, time passes, a process ends and another one begins."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry

from journals import open_journal
from watchkeeper.access import Signer
from watchkeeper.alerts import Alerts, Received, Silence
from watchkeeper.app.configuration import load_text
from watchkeeper.journal import Journal
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.notification import Flush
from watchkeeper.notify import Notify
from watchkeeper.oncall.incident import Filter, Incident, Incidents
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.failure import StoreFailure

T0 = 1_763_700_000_000
"""A day in November 2025, when every test of this folder begins."""
RULES = """
incidents:
- name: serious
  matchers: [severity="critical"]
  group_by: [service]
  reopen_within: 10m
"""
_ROUTE = """
route: {receiver: nobody, group_wait: 1h}
"""


class Clock:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.ms = T0

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)


class Nobody:
    """Is told everything."""

    async def notify(self, flush: Flush) -> bool:
        return True


class Unsure(ControlDatabase):
    """A database whose connection breaks, if it `breaks`, after it has kept what it was given."""

    breaks = False

    async def run(self, steps: Sequence[tuple[str, Sequence[Mapping[str, object]]]]) -> None:
        await super().run(steps)
        if self.breaks:
            raise StoreFailure("the connection is broken", retryable=True)


class Ward:
    """One process after the other over the same database."""

    def __init__(self, database: str) -> None:
        self.clock = Clock()
        self._database = database
        self._ids = itertools.count()
        self._open = AsyncExitStack()
        self.alerts: Alerts
        self.control: Unsure
        self.journal: Journal
        self.room: Incidents

    async def start(
        self, text: str = RULES, *, receivers: str = "receivers: [{name: nobody}]", forget_alerts: bool = False
    ) -> Incidents:
        """Begin with this configuration; the alerts may be lost, as those are that a killed process had not kept."""
        configuration = load_text(f"{text}\n{receivers}\n{_ROUTE}", "f.yml", {})
        control = self.control = Unsure.at(self._database)
        self._open.push_async_callback(control.close)
        self.journal = await open_journal(control, self.clock)
        self._open.push_async_callback(self.journal.close)
        registry = CollectorRegistry()
        self.alerts = Alerts(control, self.journal, Nobody(), self.clock, registry, lambda: f"id{next(self._ids)}")
        self._open.push_async_callback(self.alerts.close)
        signer = Signer(self.clock, b"k" * 32)
        notify = Notify(
            control,
            self.journal,
            self.clock,
            registry,
            signer,
            external_url="http://here",
            sleep=self.clock.sleep,
            jitter=lambda: 0.5,
        )
        self._open.push_async_callback(notify.close)
        self.room = Incidents(control, self.journal, self.alerts, self.clock, registry, "http://here", notify)
        self._open.push_async_callback(self.room.close)
        if forget_alerts:
            await control.run([("DELETE FROM alerts_held", [{}])])
        await self.alerts.open()
        await notify.open()
        await notify.apply(notify.prepare(configuration.notify))
        await self.room.open()
        await self.alerts.apply(configuration.routing)
        rules = [section.rule() for section in configuration.sections.incidents]
        self.room.apply(rules, configuration.runbooks, [one.name for one in configuration.notify.receivers])
        await self.room.following.round()
        return self.room

    async def stop(self) -> None:
        await self._open.aclose()

    async def fire(self, name: str, *, service: str = "shop", severity: str = "critical", **annotations: str) -> str:
        """An alert fires for an hour, or longer; its fingerprint."""
        labels = {"alertname": name, "service": service, "severity": severity}
        await self.alerts.post([Received(labels, annotations, self.clock.ms, self.clock.ms + 3_600_000)], "default")
        await self.room.following.round()
        return fingerprint(Labels(labels))

    async def end(self, name: str, *, service: str = "shop", severity: str = "critical") -> None:
        """An alert ends."""
        await self.alerts.post([self.received(name, self.clock.ms, service, severity)], "default")
        await self.room.following.round()

    def received(self, name: str, ends_at: int, service: str = "shop", severity: str = "critical") -> Received:
        """An alert as somebody sends it."""
        return Received({"alertname": name, "service": service, "severity": severity}, {}, self.clock.ms, ends_at)

    async def silence(self, name: str, lasts_s: int) -> None:
        """Mute an alert from now on."""
        matchers = (Matcher("alertname", MatchOp.EQUAL, name),)
        await self.alerts.silences.set(
            Silence(matchers, self.clock.ms, self.clock.ms + lasts_s * 1000, "bob", "maintenance")
        )

    async def pass_s(self, seconds: float) -> None:
        """Let time pass, and look."""
        self.clock.ms += round(seconds * 1000)
        await self.room.following.round()

    async def all(self) -> list[Incident]:
        """Every incident, newest first."""
        return await self.room.found(Filter())

    async def one(self) -> Incident:
        """The only one that there is."""
        (found,) = await self.all()
        return found

    async def story(self, id: str) -> list[str]:
        """The timeline's sentences."""
        incident = await self.room.get("default", id)
        return [entry.text for entry in await self.room.timeline(incident)]


def named(incident: Incident) -> list[str]:
    """The names of its alerts, those that have ended with a minus."""
    return [("" if one.fires else "-") + one.labels["alertname"] for one in incident.alerts]
