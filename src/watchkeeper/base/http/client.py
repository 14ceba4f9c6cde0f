"""An HTTP client for one configuration: its credentials, its TLS, its proxy, its limits."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from watchkeeper.base.clock import Clock
from watchkeeper.base.http.authorization import authorization, headers
from watchkeeper.base.http.config import HTTPClientConfig, TLSConfig
from watchkeeper.base.http.failure import HTTPFailure, shown_url
from watchkeeper.base.http.oauth2 import Tokens
from watchkeeper.base.http.proxy import Proxies
from watchkeeper.base.http.tls import TLS

BODY_LIMIT_BYTES = 64 << 20
KEEPALIVE_S = 300.0
"""Longer than any sensible interval between two requests to the same server."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; the body is unpacked."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    reason: str = ""


class HTTPClient:
    """Sends requests as a configuration says.

    Files with secrets and certificates are looked at before each request, so a change needs no reload. Everything
    that goes wrong is an HTTPFailure. Must be made inside a running event loop, and closed.
    """

    def __init__(
        self,
        config: HTTPClientConfig,
        clock: Clock,
        *,
        environ: Mapping[str, str] | None = None,
        user_agent: str = "Watchkeeper",
        timeout_s: float = 30.0,
        body_limit_bytes: int = BODY_LIMIT_BYTES,
    ) -> None:
        self._config = config
        self._authorization = authorization(config)
        self._headers = headers(config)
        # Without settings of its own, every client shares the default context.
        self._tls = TLS(config.tls_config) if config.tls_config != TLSConfig() else None
        self._proxies = Proxies(config, environ or {})
        self._proxy_headers = CIMultiDict(
            (name, value.reveal()) for name, values in config.proxy_connect_header.items() for value in values
        )
        self._timeout_s = timeout_s
        self._body_limit_bytes = body_limit_bytes
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": user_agent},
        )
        self._tokens = Tokens(config.oauth2, clock, environ or {}, timeout_s) if config.oauth2 is not None else None

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()
        if self._tokens is not None:
            await self._tokens.close()

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str | URL,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float | None = None,
        unpack: bool = True,
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """A response whose body is still to be read; a `timeout_s` of 0 bounds the connecting only.

        What goes wrong while the body is read inside the block is an HTTPFailure too. With `unpack` false, the body
        comes as it was sent, compressed or not.
        """
        target = _target(url)
        sent = await self._all_headers(headers)
        if "Authorization" in sent:
            target = target.with_user(None)
        try:
            response = await self._send(method, target, sent, body, timeout_s, unpack)
            try:
                yield response
            finally:
                response.release()
                await response.wait_for_close()
        except TimeoutError as error:
            raise HTTPFailure(f"{method} {shown_url(target)}: timed out") from error
        except (aiohttp.ClientError, OSError) as error:
            raise HTTPFailure(f"{method} {shown_url(target)}: {_reason(error)}") from error

    async def _send(
        self,
        method: str,
        target: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float | None,
        unpack: bool,
    ) -> aiohttp.ClientResponse:
        try:
            return await self._session.request(
                method,
                target,
                headers=headers,
                data=body,
                timeout=_timeout(self._timeout_s if timeout_s is None else timeout_s),
                allow_redirects=self._config.follow_redirects,
                ssl=self._tls.context() if self._tls is not None else True,
                server_hostname=self._config.tls_config.server_name or None,
                proxy=self._proxies.proxy_for(target),
                proxy_headers=self._proxy_headers or None,
                auto_decompress=unpack,
            )
        except ValueError as error:  # aiohttp refuses headers and URLs with it
            raise HTTPFailure(f"{method} {shown_url(target)}: {error}", retryable=False) from error

    async def request(
        self,
        method: str,
        url: str | URL,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout_s: float | None = None,
        body_limit_bytes: int | None = None,
    ) -> Answer:
        """A whole response, whatever its status. Raises HTTPFailure, also where the body is longer than allowed."""
        limit = self._body_limit_bytes if body_limit_bytes is None else body_limit_bytes
        async with self.stream(method, url, headers=headers, body=body, timeout_s=timeout_s) as response:
            content = bytearray()
            async for chunk in response.content.iter_any():
                content += chunk
                if limit and len(content) > limit:
                    message = f"{method} {shown_url(url)}: the response is longer than {limit} bytes"
                    raise HTTPFailure(message, retryable=False, status=response.status)
            return Answer(response.status, response.headers, bytes(content), response.reason or "")

    async def _all_headers(self, given: Mapping[str, str] | None) -> CIMultiDict[str]:
        sent = self._headers()
        if given:
            sent.update(given)
        if self._authorization is not None:
            sent["Authorization"] = self._authorization()
        elif self._tokens is not None:
            sent["Authorization"] = await self._tokens.authorization()
        return sent


_READY = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")


def _target(url: str | URL) -> URL:
    """Where to send a request; a text goes out as it is written, escapes and all, where it can."""
    try:
        target = URL(url)
    except ValueError as error:
        raise HTTPFailure(f"malformed URL: {error}", retryable=False) from error
    if target.scheme not in ("http", "https") or not target.host:
        raise HTTPFailure(f"{shown_url(target)} is not an http or https URL with a host", retryable=False)
    return URL(url, encoded=True) if isinstance(url, str) and _READY.fullmatch(url) else target


def _timeout(timeout_s: float) -> aiohttp.ClientTimeout:
    if timeout_s > 0:
        return aiohttp.ClientTimeout(total=timeout_s)
    return aiohttp.ClientTimeout(total=None, sock_connect=30.0)


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error.strerror or error.os_error)
    if isinstance(error, aiohttp.TooManyRedirects):
        return f"stopped after {len(error.history)} redirects"
    return str(error) or type(error).__name__
