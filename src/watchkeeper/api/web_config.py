"""Prometheus' `web.config.file`: TLS, passwords and headers of our own HTTP server.

Source: the exporter toolkit's web configuration. The file is looked at again when it changes, so a new password or
certificate needs no restart.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import logging
import re
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import bcrypt
from pydantic import field_validator
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watchkeeper.base.configuration import ConfigurationFailure, FilePath, Flag, Place, Problem, Secret, Section, Text
from watchkeeper.base.configuration.decoding import decode
from watchkeeper.base.configuration.document import read_file

logger = logging.getLogger("watchkeeper.web")

_NONE = re.compile(r"(?!)")
FORWARDED = "X-Watchkeeper-Forwarded"
"""Borne by requests that one process of ours hands to another: a token."""

_VERSIONS = {"TLS10": ssl.TLSVersion.TLSv1, "TLS11": ssl.TLSVersion.TLSv1_1, "TLS12": ssl.TLSVersion.TLSv1_2}
_CLIENT = {
    "NoClientCert": ssl.CERT_NONE,
    "RequestClientCert": ssl.CERT_OPTIONAL,
    "RequireAnyClientCert": ssl.CERT_REQUIRED,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_HEADERS = ("Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options",
            "X-XSS-Protection")  # fmt: skip

Version = Literal["TLS10", "TLS11", "TLS12", "TLS13"]


class TLSServerConfig(Section):
    """`tls_server_config`."""

    cert_file: FilePath = None
    key_file: FilePath = None
    client_auth_type: Literal[
        "", "NoClientCert", "RequestClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven",
        "RequireAndVerifyClientCert",
    ] = ""  # fmt: skip
    client_ca_file: FilePath = None
    client_allowed_sans: tuple[Text, ...] = ()
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"
    cipher_suites: tuple[Text, ...] = ()
    prefer_server_cipher_suites: Flag = True
    curve_preferences: tuple[Text, ...] = ()


class HTTPServerConfig(Section):
    """`http_server_config`; HTTP/2 is never spoken, with or without `http2`."""

    http2: Flag = True
    headers: Mapping[Text, Text] = {}  # pydantic copies defaults

    @field_validator("headers")
    @classmethod
    def _known(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        for name in headers:
            if name not in _HEADERS:
                raise ValueError(f'HTTP header "{name}" can not be configured; possible are {", ".join(_HEADERS)}')
        return headers


class WebConfig(Section):
    """The whole file."""

    tls_server_config: TLSServerConfig | None = None
    http_server_config: HTTPServerConfig = HTTPServerConfig()
    basic_auth_users: Mapping[Text, Secret] = {}  # pydantic copies defaults

    @field_validator("basic_auth_users")
    @classmethod
    def _hashes(cls, users: Mapping[str, Secret]) -> Mapping[str, Secret]:
        for name, hashed in users.items():
            try:
                bcrypt.checkpw(b"", hashed.reveal().encode())
            except ValueError:
                raise ValueError(f'the password of user "{name}" is not a bcrypt hash') from None
        return users


class WebConfigFile:
    """The file, read again whenever it changes; a bad new version leaves the last good one in force."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = self._version()
        self.config = load(path)

    def _version(self) -> tuple[int, int]:
        try:
            stat = self.path.stat()
        except OSError:
            return 0, 0
        return stat.st_mtime_ns, stat.st_size

    def current(self) -> WebConfig:
        """What the file says now."""
        version = self._version()
        if version != self._seen:
            self._seen = version
            try:
                self.config = load(self.path)
            except ConfigurationFailure as why:
                logger.error("the last good web configuration stays in force: %s", why)
        return self.config


def load(path: Path) -> WebConfig:
    """Read the file. Raises ConfigurationFailure with every problem at its place."""
    config = decode(WebConfig, read_file(path))
    tls = config.tls_server_config
    if tls is not None and (tls.cert_file is None or tls.key_file is None):
        raise ConfigurationFailure(
            [Problem(Place(str(path), 1, 1), "tls_server_config needs both cert_file and key_file")]
        )
    return config


def ssl_context(path: Path, tls: TLSServerConfig) -> ssl.SSLContext:
    """The server's side of TLS; a changed certificate file is taken up by the next handshake.

    Raises ConfigurationFailure where a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS.get(tls.min_version, ssl.TLSVersion.TLSv1_3)
    context.maximum_version = _VERSIONS.get(tls.max_version, ssl.TLSVersion.TLSv1_3)
    context.verify_mode = _CLIENT[tls.client_auth_type or "NoClientCert"]
    context.set_alpn_protocols(["http/1.1"])
    if tls.cert_file is None or tls.key_file is None:
        raise ConfigurationFailure([Problem(Place(str(path)), "tls_server_config has no certificate")])
    base = path.parent
    certificate, key = base / tls.cert_file, base / tls.key_file
    try:
        context.load_cert_chain(certificate, key)
        if tls.client_ca_file is not None:
            context.load_verify_locations(base / tls.client_ca_file)
        if tls.cipher_suites and tls.min_version != "TLS13":
            context.set_ciphers(":".join(_openssl_name(name) for name in tls.cipher_suites))
    except (OSError, ssl.SSLError) as why:
        raise ConfigurationFailure([Problem(Place(str(path)), f"tls_server_config cannot be used: {why}")]) from None
    _renew(context, certificate, key)
    return context


def _openssl_name(name: str) -> str:
    """OpenSSL's name of a Go cipher suite: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 → ECDHE-RSA-AES128-GCM-SHA256."""
    plain = name.removeprefix("TLS_").replace("_WITH_", "_").replace("AES_128", "AES128").replace("AES_256", "AES256")
    return plain.removesuffix("_SHA256" if "CHACHA20" in plain else "").replace("_", "-")


def _renew(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    seen = [_times(certificate, key)]

    def look(_socket: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        now = _times(certificate, key)
        if now != seen[0]:
            seen[0] = now
            try:
                context.load_cert_chain(certificate, key)
            except (OSError, ssl.SSLError) as why:
                logger.error("the new certificate cannot be used, the old one stays: %s", why)

    context.sni_callback = look


def _times(*paths: Path) -> tuple[int, ...]:
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)


class Passwords:
    """ASGI middleware: basic authentication and extra headers, as the web configuration says at the time.

    What matches `open_paths` (path, `?` and query) needs no login: whoever answers there looks at a signature. What
    another process of ours forwards has been let in by its door, in the name that it says;
    `forwarded` knows whether its token is good. Whoever has logged in is `request.state.user` from here on.
    """

    def __init__(
        self,
        app: ASGIApp,
        file: WebConfigFile,
        open_paths: re.Pattern[str] = _NONE,
        forwarded: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._app = app
        self._file = file
        self._open_paths = open_paths
        self._forwarded = forwarded
        self._known: set[bytes] = set()
        self._nobodys = _hash_of_nobody()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        config, said = self._file.current(), Headers(scope=scope)
        forwarded, is_open = self._forwarded(said.get(FORWARDED, "")), self._is_open(scope)
        if not (is_open or forwarded) and not await self.admits(said):
            refusal = PlainTextResponse("Unauthorized\n", 401, {"WWW-Authenticate": "Basic"})
            await refusal(scope, receive, send)
            return
        if config.basic_auth_users and not is_open:
            scope.setdefault("state", {})["user"] = _login(said)[0]
        headers = config.http_server_config.headers

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, send_with_headers if headers else send)

    def _is_open(self, scope: Scope) -> bool:
        asked = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        return bool(self._open_paths.fullmatch(asked))

    async def admits(self, headers: Headers) -> bool:
        """Say whether a caller with these headers may come in."""
        config = self._file.current()
        return not config.basic_auth_users or await self._allowed(config, headers)

    async def _allowed(self, config: WebConfig, headers: Headers) -> bool:
        user, password = _login(headers)
        if not user:
            return False
        hashed = config.basic_auth_users[user].reveal().encode() if user in config.basic_auth_users else self._nobodys
        # bcrypt is slow on purpose: what was right once for this hash is remembered, as a digest.
        proof = hashlib.sha256(hashed + b"\0" + user.encode() + b"\0" + password.encode()).digest()
        if proof in self._known:
            return True
        right = await asyncio.to_thread(bcrypt.checkpw, password.encode()[:72], hashed)
        right = right and user in config.basic_auth_users
        if right and len(self._known) < 10_000:
            self._known.add(proof)
        return right


def _login(headers: Headers) -> tuple[str, str]:
    """The user and the password that a request says (RFC 7617); both empty where it says none."""
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password


@functools.cache
def _hash_of_nobody() -> bytes:
    """What the password of an unknown user is compared with, so that it takes as long; slow on purpose to make."""
    return bcrypt.hashpw(b"nobody has this one", bcrypt.gensalt(10))
