"""Commands that ask a running server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from watchkeeper.app.whereabouts import server_of
from watchkeeper.base.clock import SystemClock
from watchkeeper.base.failure import Failure
from watchkeeper.base.http import Answer, HTTPClient, HTTPClientConfig, shown_url
from watchkeeper.model.samples import DEFAULT_TENANT

T = TypeVar("T")
_API = "/api/watchkeeper/v1"

url_option = click.option(
    "--url", default="", metavar="URL", help="The server to ask. By default the one that runs on the data folder."
)
data_option = click.option(
    "--data", default=Path("data"), show_default=True, type=click.Path(path_type=Path), help="Data folder."
)
tenant_option = click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Whose alerts they are.")


class AskingFailure(Failure):
    """A server that is not there, or does not give what it was asked for."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, asked in the name of a tenant."""

    client: HTTPClient
    url: str
    tenant: str

    async def ask(
        self, path: str, *, body: object = None, method: str = "POST", accept: str = "application/json"
    ) -> Answer:
        """What the server answers at a path of our API; a `body` is sent as JSON by `method`.

        Raises AskingFailure where it refuses, and HTTPFailure where it is not there.
        """
        headers = {"X-Scope-OrgID": self.tenant, "Accept": accept}
        method, sent = ("GET", None) if body is None else (method, msgspec.json.encode(body))
        answer = await self.client.request(method, self.url + _API + path, headers=headers, body=sent)
        if answer.status != 200:
            raise AskingFailure(_reason(self.url, answer.status, answer.body))
        return answer

    async def stream(self, path: str) -> AsyncGenerator[bytes]:
        """The same for an answer of any length, in pieces."""
        headers = {"X-Scope-OrgID": self.tenant}
        async with self.client.stream("GET", self.url + _API + path, headers=headers, timeout_s=0) as response:
            if response.status != 200:
                raise AskingFailure(_reason(self.url, response.status, await response.read()))
            async for piece in response.content.iter_any():
                yield piece


def ask_server(url: str, data: Path, tenant: str, questions: Callable[[Server], Awaitable[T]]) -> T:
    """What the questions to the server lead to; ends the process with 1 and a message where they fail."""
    try:
        found = (url or server_of(data)).rstrip("/")
        if not found:
            raise AskingFailure(f"no server runs on the folder {data}: name one by --url, or its folder by --data")
        return asyncio.run(_ask(found, tenant, questions))
    except Failure as failure:
        click.echo(str(failure), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


async def _ask(url: str, tenant: str, questions: Callable[[Server], Awaitable[T]]) -> T:
    client = HTTPClient(HTTPClientConfig(), SystemClock(), timeout_s=60.0)
    try:
        return await questions(Server(client, url, tenant))
    finally:
        await client.close()


def _reason(url: str, status: int, text: bytes) -> str:
    try:
        body: Mapping[str, object] = msgspec.json.decode(text, type=dict[str, object])
        return str(body["error"])
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError):
        return f"{shown_url(url)} answers {status}"
