"""How targets are found: Prometheus' `static_configs` and `*_sd_configs`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, model_validator

from watchkeeper.base.configuration import DurationMs, FilePath, Flag, Integer, NotYet, Section, Text, at_most_one
from watchkeeper.base.configuration.secret import hide_telling
from watchkeeper.base.http import HTTPClientConfig
from watchkeeper.base.http.config import URLText
from watchkeeper.model.labels import Labels

Role = Literal["node", "pod", "service", "endpoints", "endpointslice", "ingress"]
RecordType = Literal["A", "AAAA", "SRV", "MX", "NS"]

_SELECTORS: Mapping[str, tuple[str, ...]] = {
    "pod": ("pod", "node"),
    "service": ("service",),
    "endpoints": ("pod", "service", "endpoints"),
    "endpointslice": ("pod", "service", "endpointslice"),
    "node": ("node",),
    "ingress": ("ingress",),
}
_FILE_ENDINGS = (".json", ".yml", ".yaml")


def _labels(value: Mapping[str, str]) -> Mapping[str, str]:
    if "" in value:
        raise ValueError('"" is not a valid label name')
    return Labels(value)


LabelSet: TypeAlias = Annotated[Mapping[str, Text], AfterValidator(_labels)]
"""Label pairs; a `Labels` once decoded."""


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _positive(value: int) -> int:
    if value <= 0:
        raise ValueError("must be longer than 0s")
    return value


RefreshMs: TypeAlias = Annotated[DurationMs, AfterValidator(_positive)]


class StaticConfig(Section):
    """Addresses, and the labels that all of them get."""

    targets: tuple[Text, ...] = ()
    labels: LabelSet = Labels()


class FileSDConfig(Section):
    """Target groups in files, which are watched."""

    files: tuple[FilePath, ...]
    refresh_interval_ms: RefreshMs = 300_000

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.files:
            raise ValueError("file_sd_configs needs at least one path in files")
        for path in self.files:
            if path is None or path.suffix not in _FILE_ENDINGS or "*" in str(path.parent):
                name = "" if path is None else path.name
                raise ValueError(
                    f'"{name}" cannot be used: a path ends in .json, .yml or .yaml, and only its last part may have a *'
                )
        return self

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths, whose last part may be a glob."""
        return tuple(path for path in self.files if path is not None)


class HTTPSDConfig(HTTPClientConfig):
    """Target groups that an HTTP server answers with."""

    url: URLText
    refresh_interval_ms: RefreshMs = 60_000

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError('url must start with "http://" or "https://"')
        if self.url.split("://", 1)[1].startswith(("/", "?", "#")) or self.url.endswith("://"):
            raise ValueError("url needs a host")
        return self


class DNSSDConfig(Section):
    """Targets behind DNS names."""

    names: tuple[Text, ...]
    type: Annotated[RecordType, BeforeValidator(_upper)] = "SRV"
    port: Integer = 0
    refresh_interval_ms: RefreshMs = 30_000

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.names:
            raise ValueError("dns_sd_configs needs at least one name in names")
        if self.type != "SRV" and self.port == 0:
            raise ValueError(f"a port is needed for records of type {self.type}")
        return self


class Namespaces(Section):
    """Which namespaces are looked at; all of them where none is named."""

    own_namespace: Flag = False
    names: tuple[Text, ...] = ()


class Selector(Section):
    """Which objects of one role are asked for."""

    role: Role
    label: Text = ""
    field: Text = ""


class AttachMetadata(Section):
    """Whether the labels of a target's node and namespace are attached to it."""

    node: Flag = False
    namespace: Flag = False


class KubernetesSDConfig(HTTPClientConfig):
    """Targets in a Kubernetes cluster."""

    role: Role
    api_server: URLText = ""
    kubeconfig_file: FilePath = None
    namespaces: Namespaces = Namespaces()
    selectors: tuple[Selector, ...] = ()
    attach_metadata: AttachMetadata = AttachMetadata()

    @model_validator(mode="after")
    def _check(self) -> Self:
        at_most_one(api_server=self.api_server, kubeconfig_file=self.kubeconfig_file)
        client = set(HTTPClientConfig.model_fields)
        custom = any(getattr(self, name) != HTTPClientConfig.model_fields[name].default for name in client)
        if custom and self.kubeconfig_file:
            raise ValueError("with kubeconfig_file, the HTTP client is configured there and not here")
        if custom and not self.api_server:
            raise ValueError("to configure the HTTP client, give the api_server explicitly")
        if self.api_server and self.namespaces.own_namespace:
            raise ValueError("own_namespace works only inside the cluster, without api_server")
        if self.kubeconfig_file and self.namespaces.own_namespace:
            raise ValueError("own_namespace works only inside the cluster, without kubeconfig_file")
        self._check_selectors()
        return self

    def _check_selectors(self) -> None:
        seen: set[str] = set()
        for selector in self.selectors:
            if selector.role in seen:
                raise ValueError(f"there are two selectors for the role {selector.role}")
            seen.add(selector.role)
            attached = self.attach_metadata.node or selector.role != "node" or self.role == "node"
            if selector.role not in _SELECTORS[self.role] or not attached:
                allowed = ", ".join(_SELECTORS[self.role])
                raise ValueError(f"the role {self.role} takes only selectors for {allowed}")


def _unread(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError("should be a mapping")
    return hide_telling(value)


Unread: TypeAlias = tuple[Annotated[Mapping[str, Any], BeforeValidator(_unread)], ...]


def _not_yet(kind: str) -> NotYet:
    return NotYet(f"finding targets through {kind}")


class DiscoveryConfigs(Section):
    """All ways of finding targets that one job may combine; other sections inherit these keys."""

    static_configs: tuple[StaticConfig, ...] = ()
    file_sd_configs: tuple[FileSDConfig, ...] = ()
    http_sd_configs: tuple[HTTPSDConfig, ...] = ()
    dns_sd_configs: tuple[DNSSDConfig, ...] = ()
    kubernetes_sd_configs: tuple[KubernetesSDConfig, ...] = ()

    aws_sd_configs: Annotated[Unread, _not_yet("AWS")] = ()
    azure_sd_configs: Annotated[Unread, _not_yet("Azure")] = ()
    consul_sd_configs: Annotated[Unread, _not_yet("Consul")] = ()
    digitalocean_sd_configs: Annotated[Unread, _not_yet("DigitalOcean")] = ()
    docker_sd_configs: Annotated[Unread, _not_yet("Docker")] = ()
    dockerswarm_sd_configs: Annotated[Unread, _not_yet("Docker Swarm")] = ()
    ec2_sd_configs: Annotated[Unread, _not_yet("EC2")] = ()
    eureka_sd_configs: Annotated[Unread, _not_yet("Eureka")] = ()
    gce_sd_configs: Annotated[Unread, _not_yet("Google Compute Engine")] = ()
    hetzner_sd_configs: Annotated[Unread, _not_yet("Hetzner")] = ()
    huaweicloud_ecs_sd_configs: Annotated[Unread, _not_yet("Huawei Cloud")] = ()
    ionos_sd_configs: Annotated[Unread, _not_yet("IONOS")] = ()
    kuma_sd_configs: Annotated[Unread, _not_yet("Kuma")] = ()
    lightsail_sd_configs: Annotated[Unread, _not_yet("Lightsail")] = ()
    linode_sd_configs: Annotated[Unread, _not_yet("Linode")] = ()
    marathon_sd_configs: Annotated[Unread, _not_yet("Marathon")] = ()
    nerve_sd_configs: Annotated[Unread, _not_yet("Nerve")] = ()
    nomad_sd_configs: Annotated[Unread, _not_yet("Nomad")] = ()
    oci_compute_sd_configs: Annotated[Unread, _not_yet("Oracle Cloud")] = ()
    openstack_sd_configs: Annotated[Unread, _not_yet("OpenStack")] = ()
    outscale_sd_configs: Annotated[Unread, _not_yet("Outscale")] = ()
    ovhcloud_sd_configs: Annotated[Unread, _not_yet("OVHcloud")] = ()
    puppetdb_sd_configs: Annotated[Unread, _not_yet("PuppetDB")] = ()
    scaleway_sd_configs: Annotated[Unread, _not_yet("Scaleway")] = ()
    serverset_sd_configs: Annotated[Unread, _not_yet("Serverset")] = ()
    stackit_sd_configs: Annotated[Unread, _not_yet("STACKIT")] = ()
    triton_sd_configs: Annotated[Unread, _not_yet("Triton")] = ()
    uyuni_sd_configs: Annotated[Unread, _not_yet("Uyuni")] = ()
    vultr_sd_configs: Annotated[Unread, _not_yet("Vultr")] = ()

    URL_HINT: ClassVar[str] = "give host:port, and the rest by scheme and metrics_path"

    def check_static_targets(self) -> None:
        """Raise ValueError where a static target is a URL; relabelling may make sense of one, so jobs without check."""
        for group in self.static_configs:
            for target in group.targets:
                if "/" in target:
                    raise ValueError(f'"{target}" is not a valid hostname: {self.URL_HINT}')
