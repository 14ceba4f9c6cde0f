"""The HTTP server over all listening sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from watchkeeper.app.connections import ConnectionLimits, bounded

_DATE_GOOD_FOR_S = 1.0
"""How long answers bear the same Date."""


class Switch:
    """An ASGI application that can be exchanged for another while it is served."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.application(scope, receive, send)


class WebServer:
    """Serves one application until it is stopped; signals are the app's own affair."""

    def __init__(
        self, application: ASGIApp, tls: ssl.SSLContext | None, limits: ConnectionLimits | None = None
    ) -> None:
        config = uvicorn.Config(
            application,
            loop="none",
            http=bounded(limits or ConnectionLimits()),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=5,
        )
        config.load()
        config.ssl = tls
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Answer on these sockets from now on."""
        self._task = asyncio.create_task(self._server.serve(list(sockets)))
        started = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({started, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            self._task.result()

    async def stop(self) -> None:
        """Take no further requests, and let those under way end."""
        self._server.end()
        if self._task is not None:
            await self._task


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Let `serve` return once the requests under way have ended."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Renew the Date of answers until the end; uvicorn's own loop wakes ten times a second to look for that."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(_DATE_GOOD_FOR_S):
                    await self._ending.wait()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell when requests can come."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals alone."""
        yield
