"""How long and how large a request may be on its way, so that slow or endless clients cost nobody else anything."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_HEAD_WITHIN_S = 30.0
_MOST_HEAD_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """`read_s` bounds the reading of one whole request; so many connections are served at a time."""

    read_s: float = 300.0
    connections: int = 512


def bounded(limits: ConnectionLimits) -> type[HttpToolsProtocol]:
    """Uvicorn's protocol within these limits."""

    class Bounded(_Bounded):
        _limits = limits

    return Bounded


class _Bounded(HttpToolsProtocol):
    """A request's line and headers take at most 1 MiB and half a minute, all of it at most `read_s`.

    Clients beyond the limits are told (408, 431, 503) and let go.
    """

    _limits: ConnectionLimits
    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._refuse("503 Service Unavailable", f"{self._limits.connections} connections are open already")
            return
        self._expect_within(min(_HEAD_WITHIN_S, self._limits.read_s))

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_HEAD_BYTES:
                self._refuse("431 Request Header Fields Too Large", f"the head is longer than {_MOST_HEAD_BYTES} bytes")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._expect_within(min(_HEAD_WITHIN_S, self._limits.read_s))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._expect_within(self._limits.read_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._expect_no_more()
        super().on_message_complete()

    def _expect_within(self, seconds: float) -> None:
        self._expect_no_more()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _expect_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        cycle = cast(RequestResponseCycle | None, self.cycle)  # None before the first request, whatever its type says
        answering = cycle is not None and cycle.response_started and not (self._in_head and cycle.response_complete)
        if answering:
            self.transport.close()
        else:
            self._refuse("408 Request Timeout", "the request did not come in time")

    def _refuse(self, status: str, why: str) -> None:
        text = f"{why}\n".encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(text)}\r\n"
        retry = "Retry-After: 1\r\n" if status.startswith("503") else ""
        self.transport.write(f"{head}{retry}Connection: close\r\n\r\n".encode() + text)
        self.transport.close()
