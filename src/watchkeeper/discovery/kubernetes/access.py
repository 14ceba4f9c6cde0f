"""How the API of a cluster is reached: by configuration, by a kubeconfig file, or from inside the cluster."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from watchkeeper.base.configuration import ConfigurationFailure, Secret, read_file
from watchkeeper.base.configuration.tree import plain
from watchkeeper.base.http.config import Authorization, BasicAuth, HTTPClientConfig, TLSConfig
from watchkeeper.discovery.config import KubernetesSDConfig
from watchkeeper.discovery.group import DiscoveryFailure, host_port

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Access:
    """Where the API is, how to talk to it, and which namespaces are meant (None: all)."""

    server: str
    client: HTTPClientConfig
    namespaces: tuple[str, ...] | None


def access(config: KubernetesSDConfig, environ: Mapping[str, str], service_account: Path = SERVICE_ACCOUNT) -> Access:
    """The access that `config` describes. Raises DiscoveryFailure where there is none."""
    namespaces = config.namespaces.names
    if config.api_server:
        http = {name: getattr(config, name) for name in HTTPClientConfig.model_fields}
        return Access(config.api_server.rstrip("/"), HTTPClientConfig(**http), namespaces or None)
    if config.kubeconfig_file is not None:
        server, client = _from_kubeconfig(config.kubeconfig_file)
        return Access(server, client, namespaces or None)
    server, client = _from_inside(environ, service_account)
    if config.namespaces.own_namespace:
        namespaces = (*namespaces, _own_namespace(service_account))
    return Access(server, client, namespaces or None)


def _from_inside(environ: Mapping[str, str], account: Path) -> tuple[str, HTTPClientConfig]:
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port:
        raise DiscoveryFailure(
            "this is not inside a Kubernetes cluster (KUBERNETES_SERVICE_HOST is not set): give api_server or "
            "kubeconfig_file"
        )
    client = HTTPClientConfig(
        authorization=Authorization(credentials_file=account / "token"),
        tls_config=TLSConfig(ca_file=account / "ca.crt"),
    )
    return f"https://{host_port(host, port)}", client


def _own_namespace(account: Path) -> str:
    try:
        return (account / "namespace").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DiscoveryFailure(f"our own namespace is unknown: {error}") from error


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=lambda name: name.replace("_", "-"))


class _Cluster(_Entry):
    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: str = "false"
    tls_server_name: str = ""
    proxy_url: str = ""


class _User(_Entry):
    token: str = ""
    token_file: Annotated[str, Field(alias="tokenFile")] = ""
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    username: str = ""
    password: str = ""
    exec: dict[str, Any] | None = None
    auth_provider: dict[str, Any] | None = None


class _Context(_Entry):
    cluster: str = ""
    user: str = ""


class _Named(_Entry):
    name: str = ""
    cluster: _Cluster = _Cluster()
    user: _User = _User()
    context: _Context = _Context()


class _Kubeconfig(_Entry):
    current_context: str = ""
    clusters: tuple[_Named, ...] = ()
    users: tuple[_Named, ...] = ()
    contexts: tuple[_Named, ...] = ()


def _from_kubeconfig(path: Path) -> tuple[str, HTTPClientConfig]:
    try:
        config = _Kubeconfig.model_validate(plain(read_file(path)))
        context = _named(config.contexts, config.current_context, "context", path).context
        cluster = _named(config.clusters, context.cluster, "cluster", path).cluster
        user = _named(config.users, context.user, "user", path).user if context.user else _User()
        if not cluster.server:
            raise DiscoveryFailure(f'{path}: the cluster "{context.cluster}" has no server')
        return cluster.server.rstrip("/"), _client(cluster, user, path)
    except ConfigurationFailure as failure:
        raise DiscoveryFailure(str(failure)) from failure
    except (ValidationError, binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise DiscoveryFailure(f"{path} is not a kubeconfig file: {error}") from error


def _named(entries: tuple[_Named, ...], name: str, kind: str, path: Path) -> _Named:
    found = next((entry for entry in entries if entry.name == name), None)
    if found is None:
        raise DiscoveryFailure(f'{path} has no {kind} "{name}"')
    return found


def _client(cluster: _Cluster, user: _User, path: Path) -> HTTPClientConfig:
    if user.exec is not None or user.auth_provider is not None:
        raise DiscoveryFailure(f"{path}: credentials from a program or provider cannot be used: give a token")
    tls = TLSConfig(
        ca=_decoded(cluster.certificate_authority_data),
        ca_file=_beside(path, "" if cluster.certificate_authority_data else cluster.certificate_authority),
        cert=_decoded(user.client_certificate_data),
        cert_file=_beside(path, "" if user.client_certificate_data else user.client_certificate),
        key=Secret(_decoded(user.client_key_data)),
        key_file=_beside(path, "" if user.client_key_data else user.client_key),
        server_name=cluster.tls_server_name,
        insecure_skip_verify=cluster.insecure_skip_tls_verify == "true",
    )
    token_file = _beside(path, user.token_file)
    authorization = basic = None
    if user.token or token_file:
        token = "" if token_file else user.token
        authorization = Authorization(credentials=Secret(token), credentials_file=token_file)
    elif user.username:
        basic = BasicAuth(username=user.username, password=Secret(user.password))
    return HTTPClientConfig(tls_config=tls, authorization=authorization, basic_auth=basic, proxy_url=cluster.proxy_url)


def _decoded(data: str) -> str:
    return base64.b64decode(data, validate=True).decode()


def _beside(path: Path, file: str) -> Path | None:
    return path.parent / file if file else None
