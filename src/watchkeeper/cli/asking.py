"""Commands that ask a running server."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import click
import msgspec

from watchkeeper.app.whereabouts import server_of
from watchkeeper.base.clock import SystemClock
from watchkeeper.base.failure import Failure
from watchkeeper.base.http import Answer, HTTPClient, HTTPClientConfig, shown_url
from watchkeeper.model.tenant import DEFAULT_TENANT

T = TypeVar("T")
_API = "/api/watchkeeper/v1"
_USER_AGENT = "Watchkeeper's command line"
_TIMEOUT_S = 60.0

url_option = click.option(
    "--url", default="", metavar="URL", help="The server to ask. By default the one that runs on the data folder."
)
data_option = click.option(
    "--data", default=Path("data"), show_default=True, type=click.Path(path_type=Path), help="Data folder."
)
tenant_option = click.option(
    "--tenant", default=DEFAULT_TENANT, show_default=True, help="Whose alerts and samples they are."
)


class AskingFailure(Failure):
    """A server that is not there, or does not give what it was asked for."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, asked in the name of a tenant."""

    client: HTTPClient
    url: str
    tenant: str

    async def ask(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        method: str = "POST",
        accept: str = "application/json",
    ) -> Answer:
        """What the server answers at a path of our API; a `body` is sent as JSON by `method`.

        Raises AskingFailure where it refuses, and HTTPFailure where it is not there.
        """
        headers = {"X-Scope-OrgID": self.tenant, "Accept": accept}
        url = self.url + _API + path + (f"?{urlencode(params)}" if params else "")
        if body is None:
            answer = await self.client.request("GET", url, headers=headers)
        else:
            headers["Content-Type"] = "application/json"
            answer = await self.client.request(method, url, headers=headers, body=msgspec.json.encode(body))
        if answer.status != 200:
            raise AskingFailure(_reason(self.url, answer.status, answer.body))
        return answer

    async def data(self, path: str, *, params: Mapping[str, str] | None = None, body: object = None) -> Any:
        """What stands in the envelope of its answer, under the same conditions."""
        answer = await self.ask(path, params=params, body=body)
        try:
            return msgspec.json.decode(answer.body)["data"]
        except (msgspec.MsgspecError, KeyError, TypeError):
            raise AskingFailure(f"{shown_url(self.url)} does not answer as Watchkeeper would") from None

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
        found = url or server_of(data)
        if not found:
            raise AskingFailure(f"no server runs on the folder {data}: name one by --url, or its folder by --data")
        return asyncio.run(answers(found, tenant, questions))
    except Failure as failure:
        click.echo(str(failure), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


async def answers(
    url: str, tenant: str, questions: Callable[[Server], Awaitable[T]], *, timeout_s: float = _TIMEOUT_S
) -> T:
    """What the questions to the server at `url` lead to. Raises what they raise."""
    client = HTTPClient(
        HTTPClientConfig(), SystemClock(), environ=os.environ, user_agent=_USER_AGENT, timeout_s=timeout_s
    )
    try:
        return await questions(Server(client, url.rstrip("/"), tenant))
    finally:
        await client.close()


def _reason(url: str, status: int, text: bytes) -> str:
    try:
        body: Mapping[str, object] = msgspec.json.decode(text, type=dict[str, object])
        return str(body["error"])
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError):
        return f"{shown_url(url)} answers {status}"
