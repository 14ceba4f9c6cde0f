"""What the tests of this folder talk about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry

from watchkeeper.app.configuration import Configuration, load_text
from watchkeeper.journal import Journal, Search
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.notify import Notify
from watchkeeper.oncall import OnCall

T0 = 1_763_700_000_000
"""A day in November 2025."""
MINUTE_MS = 60_000
GROUP = '{}:{alertname="Hot"}'

PEOPLE = """
people:
- name: alice
  display_name: Alice
  time_zone: Europe/Berlin
  contacts:
  - {name: push, webhook_configs: [{url: "URL/person/alice/push"}]}
  - {name: sms, webhook_configs: [{url: "URL/person/alice/sms"}]}
  rules: [{contact: push}, {contact: sms, after: 5m}]
- name: bob
  contacts: [{name: push, webhook_configs: [{url: "URL/person/bob/push"}]}]
- {name: carol, contacts: [{name: push, webhook_configs: [{url: "URL/person/carol/push"}]}]}
- {name: dave}
teams:
- {name: web, members: [bob, carol], lead: carol}
receivers: [{name: chat, webhook_configs: [{url: "URL/chat"}]}]
route: {receiver: chat}
"""


def configured(text: str, url: str = "http://127.0.0.1:1") -> Configuration:
    """A configuration's text as the rooms get it; people's contacts are at `url`."""
    return load_text(text.replace("URL", url), "/etc/watchkeeper.yml", {})


def ms(text: str) -> int:
    """The instant that an ISO 8601 text names, in UTC where it names no offset."""
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def alert(instance: str = "a", severity: str = "critical", *, ended_at: int | None = None) -> Alert:
    """One that began a minute before the tests, and fires for a month unless it has ended."""
    labels = Labels({"alertname": "Hot", "instance": instance, "severity": severity})
    ends_at = T0 + 30 * 86_400_000 if ended_at is None else ended_at
    return Alert(labels, {"summary": "too hot"}, T0 - MINUTE_MS, ends_at)


def flush(*alerts: Alert, at: int, key: str = GROUP) -> Flush:
    """What the group of the alerts named Hot has to say."""
    return Flush("oncall", key, Labels({"alertname": "Hot"}), alerts, 4 * 3_600_000, at, at + MINUTE_MS)


@dataclass
class Told:
    """A server that people's contacts lead to, by their receivers' names; it refuses those in `broken`."""

    url: str = ""
    broken: set[str] = field(default_factory=set)
    bodies: list[tuple[str, Any]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.path[1:]
        self.bodies.append((name, await request.json()))
        return web.Response(status=400 if name in self.broken else 200)

    def take(self) -> list[str]:
        """Who was told since the last time, of an end marked so; sorted."""
        taken, self.bodies = self.bodies, []
        return sorted(f"{name}{'' if body['status'] == 'firing' else ' ✓'}" for name, body in taken)

    def take_texts(self) -> list[str]:
        """The summaries that they were told."""
        taken, self.bodies = self.bodies, []
        return [body["alerts"][0]["annotations"]["summary"] for _, body in taken]


def moved(clock: Any, minutes: float) -> None:
    """Let time pass."""
    clock.ms += round(minutes * MINUTE_MS)


@dataclass
class Desk:
    """An open room, and what lies around it."""

    room: OnCall
    notify: Notify
    journal: Journal
    clock: Any
    registry: CollectorRegistry
    told: Told

    async def page(self, *alerts: Alert, key: str = GROUP, again: bool = False) -> list[str]:
        """Hand over what a group has to say; who was told at once."""
        await self.room.escalations.page("p", flush(*alerts, at=self.clock.ms, key=key), again=again)
        return await self.told_now()

    async def after(self, minutes: float) -> list[str]:
        """Who is told when so much time has passed, and not before."""
        moved(self.clock, minutes - 1 / 60)
        assert await self.told_now() == []
        moved(self.clock, 1 / 60)
        return await self.told_now()

    async def told_now(self) -> list[str]:
        """Who is told by now."""
        await self.room.escalations.advance()
        await self.room.escalations.settle()
        return self.told.take()

    async def recorded(self) -> list[str]:
        """The journal's sentences, the oldest first, without those about notifications."""
        entries = reversed(await self.journal.find(Search()))
        return [entry.text for entry in entries if not entry.kind.startswith("notification.")]

    def figure(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0
