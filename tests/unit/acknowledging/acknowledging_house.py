"""Routing, notification and on-call wired as in a server, behind real HTTP, with a clock that tests move."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import bcrypt
from aiohttp import web
from prometheus_client import CollectorRegistry
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from journals import open_journal
from watchkeeper.access import People, Person, open_signer
from watchkeeper.alerts import AlertLimits, Received
from watchkeeper.api.alertmanager.silences import SilencesFace
from watchkeeper.api.application import application
from watchkeeper.api.forwarding import HandedOn
from watchkeeper.api.guard import FrontDoor
from watchkeeper.api.oncall import OPEN_PATHS, callback_routes, routes
from watchkeeper.api.rooms import BuildInfo, Core, Lifecycle, Options, Readers
from watchkeeper.api.watchkeeper import acknowledgements, recurring_silences
from watchkeeper.api.web_config import Passwords, WebConfigFile
from watchkeeper.app.acknowledging import Acknowledging
from watchkeeper.app.alerting import Alerting
from watchkeeper.app.condition import Condition
from watchkeeper.app.configuration import load_text
from watchkeeper.app.web import WebServer
from watchkeeper.base.http.authorization import basic
from watchkeeper.journal import Search
from watchkeeper.oncall.callback_signatures import twilio_signature
from watchkeeper.store.control import ControlDatabase

T0 = 1_763_700_000_000
"""Friday, 21 November 2025, 04:40 UTC, when every test of this folder begins."""
OUTSIDE = "https://watch.example.org/prom"
SLACK_SECRET, TWILIO_TOKEN = "slack signing secret", "twilio auth token"
PASSWORD = "open sesame"
OURS = "a token of another process of ours"
KEY = '{}:{team="x"}'
CONFIG = """
route:
  receiver: page
  group_by: [team]
  group_wait: 0s
  group_interval: 1m
  repeat_interval: 1h
  routes: [{matchers: [team="sms"], receiver: phone}]
receivers:
- {name: page, webhook_configs: [{url: "%(url)s/hook"}]}
- name: phone
  twilio_configs: [{api_url: "%(url)s", account_sid: AC1, auth_token: t, from: "+15550199", to: ["+15550100"]}]
oncall:
  acknowledgement_timeout: 4h
  time_zone: Europe/Berlin
  slack_signing_secret: slack signing secret
  slack_response_origins: ["%(url)s"]
  twilio_auth_token: twilio auth token
"""
ALICE = Person("alice", accounts={"slack": "U1", "phone": "+15550100"})


class Clock:
    """A clock that tests move by hand; `jumped_ms` is what the wall clock was set forward or back."""

    def __init__(self) -> None:
        self.ms = T0
        self.jumped_ms = 0

    def now_ms(self) -> int:
        return self.ms + self.jumped_ms

    def monotonic_s(self) -> float:
        return self.ms / 1000


@dataclass
class Outside:
    """What lies outside: a receiver's webhook, Twilio's messages, and Slack's response URLs."""

    url: str = ""
    hooks: list[Any] = field(default_factory=list)
    slack: list[Any] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        if request.path.endswith("/Messages.json"):
            self.texts.append(str((await request.post())["Body"]))
            return web.json_response({"sid": "SM0"}, status=201)
        (self.hooks if request.path == "/hook" else self.slack).append(await request.json())
        return web.json_response({})

    def told(self) -> list[str]:
        """The states of what was told since the last time."""
        told, self.hooks = self.hooks, []
        return [one["status"] for one in told]


@dataclass(frozen=True)
class Answered:
    """An HTTP answer."""

    status: int
    text: str
    headers: Mapping[str, str]


class House:
    """One server after the other over the same database."""

    def __init__(self, folder: Path, outside: Outside) -> None:
        self.clock = Clock()
        self.outside = outside
        self._folder = folder
        self._open = AsyncExitStack()
        self.base = ""

    async def start(self, *, users: bool = False) -> None:
        """Open all rooms and listen."""
        push = self._open.push_async_callback
        control = ControlDatabase.at(f"sqlite:///{self._folder / 'control.db'}")
        push(control.close)
        self.control = control
        self.registry = CollectorRegistry()
        self.journal = await open_journal(control, self.clock)
        push(self.journal.close)
        self.signer = await open_signer(control, self.clock)
        core = self._core()
        configuration = load_text(CONFIG % {"url": self.outside.url}, "watchkeeper.yml", {})
        self.oncall = Acknowledging(core, control, self.journal, self.signer)
        push(self.oncall.close)
        await self.oncall.open()
        held, links = self.oncall.acknowledgements, self.oncall.links
        alerting = Alerting(core, control, self.journal, self.signer, {}, held, links, AlertLimits())
        push(alerting.close)
        await alerting.open()
        for room in (self.oncall, alerting):
            take_up = await room.prepare(configuration)
            await take_up()
        self.oncall.people = People({"alice": ALICE})
        self.alerts = alerting.alerts
        desk = self.oncall.follow(self.alerts, alerting.notify, {})
        self.responding = desk.responding
        recurring = recurring_silences.routes(self.alerts, self.clock)
        own = Mount("/api/watchkeeper/v1", routes=[*acknowledgements.routes(desk), *callback_routes(desk), *recurring])
        silences = SilencesFace(self.alerts.silences, self.clock)
        v2 = [
            Route("/api/v2/silences", silences.post, methods=["POST"]),
            Route("/api/v2/silence/{id}", silences.delete, methods=["DELETE"]),
        ]
        door = FrontDoor.of(["127.0.0.1"], OUTSIDE, None)
        server = WebServer(application([own, *v2, *routes(desk)], door, "/prom", self._doors(users)), None)
        listening = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{listening.getsockname()[1]}/prom"
        await server.start([listening])
        push(server.stop)
        self.http = aiohttp.ClientSession()
        push(self.http.close)

    async def stop(self) -> None:
        await self._open.aclose()

    async def fire(self, *names: str, team: str = "x", lasts_s: float = 86_400.0, tenant: str = "default") -> None:
        """Let alerts fire, or end, and tell what is due."""
        ends_at = self.clock.ms + round(lasts_s * 1000)
        received = [Received({"alertname": name, "team": team}, {"summary": f"<b>{name}</b>"}, T0, max(ends_at, T0))
                    for name in names]  # fmt: skip
        await self.alerts.post(received, tenant)
        await self.look()

    async def pass_min(self, minutes: int) -> None:
        """Let time pass, flush by flush."""
        for _ in range(minutes):
            self.clock.ms += 60_000
            await self.look()

    async def look(self) -> None:
        dispatcher = self.alerts.dispatcher
        assert dispatcher is not None
        dispatcher.flush_due()
        await dispatcher.settle()

    async def ask(self, path: str, method: str = "GET", *, login: str = "", **more: Any) -> Answered:
        """One request; `login` is who says the password."""
        headers = {**more.pop("headers", {}), **({"Authorization": basic(login, PASSWORD)} if login else {})}
        request = self.http.request(method, self.base + path, headers=headers, allow_redirects=False, **more)
        async with request as response:
            return Answered(response.status, await response.text(), response.headers)

    async def slack(self, payload: Any, *, secret: str = SLACK_SECRET, age_s: int = 0) -> Answered:
        """What Slack sends, signed as Slack documents it."""
        body = urlencode({"payload": json.dumps(payload)})
        at = str(self.clock.ms // 1000 - age_s)
        proof = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={proof}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return await self.ask("/api/watchkeeper/v1/slack/interactive", "POST", data=body, headers=headers)

    async def twilio(self, kind: str, token: str = "", *, secret: str = TWILIO_TOKEN, **form: str) -> Answered:
        """What Twilio sends, signed over the URL that is known outside."""
        path = f"/api/watchkeeper/v1/twilio/{kind}{'?token=' + token if token else ''}"
        signature = twilio_signature(secret, OUTSIDE + path, list(form.items()))
        return await self.ask(path, "POST", data=form, headers={"X-Twilio-Signature": signature})

    def path(self, url: str) -> str:
        """The path here of a link that is good outside."""
        assert url.startswith(OUTSIDE)
        return url.removeprefix(OUTSIDE)

    def by(self) -> str:
        """Who looks after the group of team x."""
        one = self.oncall.acknowledgements.of("default", KEY)
        return one.actor if one is not None else ""

    def figure(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    async def said(self, kind: str) -> list[str]:
        """What the journal says of a kind, the newest first."""
        return [entry.text for entry in await self.journal.find(Search(kinds=(kind,)))]

    async def done(self, kind: str) -> list[tuple[str, str]]:
        """What the journal says of a kind, and who did it, the oldest first."""
        found = await self.journal.find(Search(kinds=(kind,)))
        return [(entry.actor, entry.text) for entry in reversed(found)]

    def _core(self) -> Core:
        options = Options(external_url=OUTSIDE, route_prefix="/prom")
        build = BuildInfo("0", "", "3")
        return Core(self.clock, self.registry, Readers(1), Condition(), Lifecycle(), build, options)

    def _doors(self, users: bool) -> list[Middleware]:
        handed_on = Middleware(HandedOn, good=_is_ours)
        if not users:
            return [handed_on]
        file = self._folder / "web.yml"
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        file.write_text(f"basic_auth_users: {{bob: '{hashed}'}}\n")
        open_paths = re.compile("/prom" + OPEN_PATHS)
        passwords = Middleware(Passwords, file=WebConfigFile(file), open_paths=open_paths, forwarded=_is_ours)
        return [handed_on, passwords]


def _is_ours(token: str) -> bool:
    return token == OURS


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return found[1]
