"""The pages of incidents behind real HTTP, over a ward."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import bcrypt
from prometheus_client import CollectorRegistry
from starlette.middleware import Middleware
from ward import RULES, Ward

from watchkeeper.access import People, Person, Signer
from watchkeeper.api import incident_pages
from watchkeeper.api.application import application
from watchkeeper.api.guard import FrontDoor
from watchkeeper.api.oncall import Desk
from watchkeeper.api.rooms import BuildInfo, Core, Lifecycle, Options, Readers
from watchkeeper.api.web_config import Passwords, WebConfigFile
from watchkeeper.app.condition import Condition
from watchkeeper.app.web import WebServer
from watchkeeper.base.http.authorization import basic
from watchkeeper.model.severity import Severities, Severity
from watchkeeper.oncall import Acknowledgements, OnCallSection
from watchkeeper.oncall.callbacks import Callbacks
from watchkeeper.oncall.responding import Responding

PASSWORD = "open sesame"
RECEIVERS = "receivers: [{name: nobody}, {name: tracker}]"


@dataclass(frozen=True)
class Answered:
    """An HTTP answer."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def location(self) -> str:
        """Where it sends the browser."""
        return self.headers["Location"]


class Pages:
    """The server, and a browser's part of what people do there. The house is below `/prom`."""

    def __init__(self, ward: Ward) -> None:
        self.ward = ward
        self._open = AsyncExitStack()

    async def start(self, users_file: Path | None = None, text: str = RULES) -> None:
        """Listen; with `users_file` alice and bob have to log in."""
        ward, clock = self.ward, self.ward.clock
        self.registry = CollectorRegistry()
        room = await ward.start(text, receivers=RECEIVERS)
        options = Options(external_url="https://watch.example.org/prom", route_prefix="/prom")
        core = Core(clock, self.registry, Readers(1), Condition(), Lifecycle(), BuildInfo("0", "", "3"), options)
        acknowledgements = Acknowledgements(ward.control, ward.journal, clock)
        await acknowledgements.open()
        self._open.push_async_callback(acknowledgements.close)
        callbacks = Callbacks(ward.control, ward.journal, clock, self.registry)
        desk = Desk(
            Responding(ward.alerts, acknowledgements, clock),
            Signer(clock, b"k" * 32),
            callbacks,
            clock,
            options.external_url,
            lambda: OnCallSection(time_zone="Europe/Berlin"),
            lambda: People({"alice": Person("alice", "Alice"), "bob": Person("bob")}),
            lambda _number: (),
            _no_reply,
        )
        words = Severities((Severity("critical"), Severity("high")))
        routes = incident_pages.routes(core, room, desk, lambda: words)
        door = FrontDoor.of(["127.0.0.1"], options.external_url, None)
        server = WebServer(application(routes, door, "/prom", _passwords(users_file)), None)
        listening = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{listening.getsockname()[1]}/prom"
        await server.start([listening])
        self._open.push_async_callback(server.stop)
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._open.push_async_callback(self.http.close)

    async def stop(self) -> None:
        await self._open.aclose()

    async def ask(self, path: str, method: str = "GET", *, login: str = "", **more: Any) -> Answered:
        """One request; `login` is who says the password."""
        headers = {**more.pop("headers", {}), **({"Authorization": basic(login, PASSWORD)} if login else {})}
        request = self.http.request(method, self.base + path, headers=headers, allow_redirects=False, **more)
        async with request as response:
            return Answered(response.status, await response.text(), response.headers)

    async def form(self, path: str, part: str, *, login: str = "") -> dict[str, str]:
        """What a browser would send by the form of that part of a page, less the button."""
        return fields_of((await self.ask(path, login=login)).text, part)

    async def send(self, path: str, part: str, do: str, *, login: str = "", **typed: str | Sequence[str]) -> Answered:
        """Open the page, type, press a button."""
        kept = await self.form(path, part, login=login)
        name = {} if login else {"name": "alice"}
        return await self.ask(path, "POST", login=login, data=encoded({**kept, **name, "do": do, **typed}))


def encoded(fields: Mapping[str, str | Sequence[str]]) -> list[tuple[str, str]]:
    """A form's pairs; a field may have several values."""
    return [(n, one) for n, v in fields.items() for one in ([v] if isinstance(v, str) else v)]


def fields_of(page: str, part: str) -> dict[str, str]:
    """The fields of the form in that part of a page, as it shows them, less boxes."""
    forms = [form for form in re.findall(r"<form method=\"post\".*?</form>", page, re.S) if f'value="{part}"' in form]
    (form,) = forms
    inputs = re.findall(r'<input type="(?:hidden|text)" name="([^"]*)"[^>]*? value="([^"]*)"', form)
    texts = re.findall(r'<textarea name="([^"]*)"[^>]*>\n(.*?)</textarea>', form, re.S)
    chosen = re.findall(r'<select name="([^"]*)">.*?(?:<option value="([^"]*)" selected>.*?)?</select>', form, re.S)
    return {name: unescape(value) for name, value in (*inputs, *texts, *chosen)}


def _passwords(file: Path | None) -> list[Middleware]:
    if file is None:
        return []
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    file.write_text(f"basic_auth_users: {{alice: '{hashed}', bob: '{hashed}'}}\n")
    return [Middleware(Passwords, file=WebConfigFile(file))]


async def _no_reply(url: str, body: bytes) -> None:
    raise AssertionError(f"nobody asked to be answered at {url}: {body!r}")
