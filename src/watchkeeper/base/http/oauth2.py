"""OAuth 2.0 client credentials (RFC 6749, section 4.4): tokens, kept until shortly before they expire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
from yarl import URL

from watchkeeper.base.clock import Clock
from watchkeeper.base.http.authorization import basic, source
from watchkeeper.base.http.config import OAuth2
from watchkeeper.base.http.failure import HTTPFailure, shown_url
from watchkeeper.base.http.proxy import Proxies
from watchkeeper.base.http.tls import TLS

EXPIRY_MARGIN_S = 10.0
"""A token is not used in its last seconds, so that it does not expire on its way."""
ANSWER_LIMIT_BYTES = 1 << 20


class _TokenAnswer(msgspec.Struct):
    access_token: str = ""
    token_type: str = ""
    expires_in: float | str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    authorization: str
    secret: str
    expires_at_s: float

    def is_good(self, secret: str, now_s: float) -> bool:
        return self.secret == secret and now_s < self.expires_at_s


class Tokens:
    """The current token of one client."""

    def __init__(self, config: OAuth2, clock: Clock, environ: Mapping[str, str], timeout_s: float) -> None:
        self._config = config
        self._clock = clock
        self._secret = source(config.client_secret, config.client_secret_file)
        self._tls = TLS(config.tls_config)
        self._proxies = Proxies(config, environ)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._token: _Token | None = None
        self._in_header = True
        self._lock = asyncio.Lock()
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def authorization(self) -> str:
        """The value of the Authorization header. Raises HTTPFailure where no token can be had."""
        async with self._lock:
            secret = self._secret()
            if self._token is None or not self._token.is_good(secret, self._clock.monotonic_s()):
                self._token = await self._fetch(secret)
            return self._token.authorization

    async def _fetch(self, secret: str) -> _Token:
        """A new token; where the server refuses the credentials in the header, they are tried in the body."""
        status, body = await self._ask(secret)
        if status in (400, 401) and self._in_header:
            self._in_header = False
            status, body = await self._ask(secret)
        if status != 200:
            self._in_header = True
            raise HTTPFailure(f"{self._shown()} refuses a token with status {status}", status=status)
        return self._decode(secret, body)

    async def _ask(self, secret: str) -> tuple[int, bytes]:
        config = self._config
        form = {"grant_type": "client_credentials", **config.endpoint_params}
        if config.scopes:
            form["scope"] = " ".join(config.scopes)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self._in_header:
            headers["Authorization"] = basic(quote(config.client_id, safe=""), quote(secret, safe=""))
        else:
            form |= {"client_id": config.client_id, "client_secret": secret}
        url = URL(config.token_url)
        try:
            async with self._session.post(
                url,
                data=urlencode(form),
                headers=headers,
                timeout=self._timeout,
                ssl=self._tls.context() if url.scheme == "https" else True,
                server_hostname=config.tls_config.server_name or None,
                proxy=self._proxies.proxy_for(url),
            ) as response:
                return response.status, await response.content.read(ANSWER_LIMIT_BYTES)
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
            raise HTTPFailure(f"no token from {self._shown()}: {error or 'timed out'}") from error

    def _decode(self, secret: str, body: bytes) -> _Token:
        try:
            answer = msgspec.json.decode(body, type=_TokenAnswer)
            lifetime_s = float(answer.expires_in or 0)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            raise HTTPFailure(f"{self._shown()} answers with no token: {error}") from error
        if not answer.access_token:
            raise HTTPFailure(f"{self._shown()} answers without an access_token")
        kind = "Bearer" if answer.token_type.lower() in ("", "bearer") else answer.token_type
        expires_at_s = self._clock.monotonic_s() + lifetime_s - EXPIRY_MARGIN_S if lifetime_s else float("inf")
        return _Token(f"{kind} {answer.access_token}", secret, expires_at_s)

    def _shown(self) -> str:
        return shown_url(self._config.token_url)
