"""How to talk to an HTTP server: Prometheus' `http_config`, which scrape jobs, discovery and Alertmanagers share."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator
from yarl import URL

from watchkeeper.base.configuration import FilePath, Flag, Secret, Section, Text, at_most_one
from watchkeeper.base.configuration.section import EMPTY, NotYet
from watchkeeper.base.url import url_fault

RESERVED_HEADERS = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "user-agent",
        "www-authenticate",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "x-prometheus-remote-read-version",
        "x-prometheus-remote-write-version",
        "x-prometheus-scrape-timeout-seconds",
    }
)

TLSVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
_VERSIONS: Mapping[str, ssl.TLSVersion] = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}

NoSecretStore = Annotated[Text, NotYet("fetching secrets from a secret manager")]


def tls_version(name: TLSVersion) -> ssl.TLSVersion:
    """The version that a configuration names."""
    return _VERSIONS[name]


def _url(text: str) -> str:
    """The URL's text, which yarl can read; empty stays empty."""
    fault = url_fault(text)
    if fault is not None:
        raise ValueError(f"the URL {fault}")
    URL(text)
    return text


URLText = Annotated[Text, AfterValidator(_url)]


class BasicAuth(Section):
    """A user name and password, in the file or in files of their own."""

    username: Text = ""
    username_file: FilePath = None
    username_ref: NoSecretStore = ""
    password: Secret = Secret("")
    password_file: FilePath = None
    password_ref: NoSecretStore = ""

    @model_validator(mode="after")
    def _one_source_each(self) -> Self:
        at_most_one(username=self.username, username_file=self.username_file, username_ref=self.username_ref)
        at_most_one(password=self.password, password_file=self.password_file, password_ref=self.password_ref)
        return self


class Authorization(Section):
    """An Authorization header of any type but basic."""

    type: Text = "Bearer"
    credentials: Secret = Secret("")
    credentials_file: FilePath = None
    credentials_ref: NoSecretStore = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        at_most_one(
            credentials=self.credentials,
            credentials_file=self.credentials_file,
            credentials_ref=self.credentials_ref,
        )
        if self.type.strip().lower() == "basic":
            raise ValueError('an authorization cannot have the type "basic": use basic_auth instead')
        return self


class TLSConfig(Section):
    """How to trust the server, and how to show who we are."""

    ca: Text = ""
    ca_file: FilePath = None
    ca_ref: NoSecretStore = ""
    cert: Text = ""
    cert_file: FilePath = None
    cert_ref: NoSecretStore = ""
    key: Secret = Secret("")
    key_file: FilePath = None
    key_ref: NoSecretStore = ""
    server_name: Text = ""
    insecure_skip_verify: Flag = False
    min_version: TLSVersion | None = None
    max_version: TLSVersion | None = None
    next_protos: Annotated[tuple[Text, ...], NotYet("offering further ALPN protocols")] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        at_most_one(ca=self.ca, ca_file=self.ca_file, ca_ref=self.ca_ref)
        at_most_one(cert=self.cert, cert_file=self.cert_file, cert_ref=self.cert_ref)
        at_most_one(key=self.key, key_file=self.key_file, key_ref=self.key_ref)
        has_cert = bool(self.cert or self.cert_file or self.cert_ref)
        has_key = bool(self.key or self.key_file or self.key_ref)
        if has_cert and not has_key:
            raise ValueError("a client certificate needs its key or key_file")
        if has_key and not has_cert:
            raise ValueError("a client key needs its cert or cert_file")
        if self.min_version and self.max_version and self.max_version < self.min_version:
            raise ValueError("max_version must not be lower than min_version")
        return self


class ProxyConfig(Section):
    """Whether and how to go through a proxy."""

    proxy_url: URLText = ""
    no_proxy: Text = ""
    proxy_from_environment: Flag = False
    proxy_connect_header: Mapping[Text, Sequence[Secret]] = EMPTY

    @model_validator(mode="after")
    def _check_proxy(self) -> Self:
        if self.proxy_connect_header and not self.proxy_url and not self.proxy_from_environment:
            raise ValueError("proxy_connect_header needs proxy_url or proxy_from_environment")
        if self.proxy_from_environment and self.proxy_url:
            raise ValueError("proxy_from_environment leaves no place for proxy_url")
        if self.proxy_from_environment and self.no_proxy:
            raise ValueError("proxy_from_environment leaves no place for no_proxy: set it in the environment")
        if self.no_proxy and not self.proxy_url:
            raise ValueError("no_proxy needs proxy_url")
        return self


class OAuth2(ProxyConfig):
    """OAuth 2.0 client credentials, and where to change them into a token."""

    client_id: Text = ""
    client_secret: Secret = Secret("")
    client_secret_file: FilePath = None
    client_secret_ref: NoSecretStore = ""
    scopes: tuple[Text, ...] = ()
    token_url: URLText = ""
    endpoint_params: Mapping[Text, Text] = EMPTY
    tls_config: TLSConfig = TLSConfig()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.client_id:
            raise ValueError("oauth2 needs a client_id")
        if not self.token_url:
            raise ValueError("oauth2 needs a token_url")
        at_most_one(
            client_secret=self.client_secret,
            client_secret_file=self.client_secret_file,
            client_secret_ref=self.client_secret_ref,
        )
        return self


class Header(Section):
    """The values of one header that is added to each request."""

    values: tuple[Text, ...] = ()
    secrets: tuple[Secret, ...] = ()
    files: tuple[FilePath, ...] = ()


class HTTPClientConfig(ProxyConfig):
    """How to talk to an HTTP server; other sections take these keys among their own by inheriting from it."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    oauth2: OAuth2 | None = None
    bearer_token: Secret = Secret("")
    bearer_token_file: FilePath = None
    tls_config: TLSConfig = TLSConfig()
    follow_redirects: Flag = True
    enable_http2: Flag = True
    http_headers: Mapping[Text, Header] = EMPTY

    @model_validator(mode="after")
    def _check_client(self) -> Self:
        at_most_one(
            basic_auth=self.basic_auth,
            authorization=self.authorization,
            oauth2=self.oauth2,
            bearer_token=self.bearer_token,
            bearer_token_file=self.bearer_token_file,
        )
        for name in self.http_headers:
            if name.lower() in RESERVED_HEADERS:
                raise ValueError(f'http_headers cannot set "{name}", which the client sets itself')
        return self

    @property
    def credentials(self) -> Authorization | None:
        """The authorization, whether it was given as such or as a bearer token."""
        if self.bearer_token or self.bearer_token_file:
            return Authorization(credentials=self.bearer_token, credentials_file=self.bearer_token_file)
        return self.authorization
