"""Kubernetes' objects, as far as discovery reads them (API versions v1, discovery.k8s.io/v1, networking.k8s.io/v1)."""

from __future__ import annotations

from typing import TypeVar

import msgspec


class _Struct(msgspec.Struct, rename="camel", frozen=True):
    pass


class OwnerReference(_Struct, frozen=True):
    """Who made an object."""

    kind: str = ""
    name: str = ""
    controller: bool | None = None


class Meta(_Struct, frozen=True):
    """What every object says of itself."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None

    @property
    def key(self) -> str:
        """`namespace/name`, or the name of an object without namespace."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that controls the object."""
        return next((owner for owner in self.owner_references or () if owner.controller), None)


class KubernetesObject(_Struct, frozen=True):
    """Any object; those of the roles know more."""

    metadata: Meta = Meta()


Kind = TypeVar("Kind", bound=KubernetesObject)


class Namespace(KubernetesObject, frozen=True):
    """A namespace."""


class NodeAddress(_Struct, frozen=True):
    """One address of a node."""

    type: str = ""
    address: str = ""


class _Port(_Struct, frozen=True):
    port: int = msgspec.field(default=0, name="Port")


class DaemonEndpoints(_Struct, frozen=True):
    """Where the node's agents listen."""

    kubelet_endpoint: _Port = _Port()


class NodeStatus(_Struct, frozen=True):
    """What is known of a node."""

    addresses: list[NodeAddress] | None = None
    daemon_endpoints: DaemonEndpoints = DaemonEndpoints()


class NodeSpec(_Struct, frozen=True):
    """What a node is to be."""

    provider_id: str = msgspec.field(default="", name="providerID")


class Node(KubernetesObject, frozen=True):
    """A machine of the cluster."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class ServicePort(_Struct, frozen=True):
    """One port of a service."""

    name: str = ""
    protocol: str = ""
    port: int = 0


class ServiceSpec(_Struct, frozen=True):
    """What a service is to be."""

    type: str = ""
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    external_name: str = ""
    load_balancer_ip: str = msgspec.field(default="", name="loadBalancerIP")
    ports: list[ServicePort] | None = None


class Service(KubernetesObject, frozen=True):
    """A name for what pods offer."""

    spec: ServiceSpec = ServiceSpec()


class ContainerPort(_Struct, frozen=True):
    """One port of a container."""

    name: str = ""
    container_port: int = 0
    protocol: str = ""


class Container(_Struct, frozen=True):
    """One container of a pod."""

    name: str = ""
    image: str = ""
    ports: list[ContainerPort] | None = None


class ContainerStatus(_Struct, frozen=True):
    """What is known of a container."""

    name: str = ""
    container_id: str = msgspec.field(default="", name="containerID")


class PodSpec(_Struct, frozen=True):
    """What a pod is to be."""

    node_name: str = ""
    containers: list[Container] | None = None
    init_containers: list[Container] | None = None


class Condition(_Struct, frozen=True):
    """One condition of a pod."""

    type: str = ""
    status: str = ""


class PodStatus(_Struct, frozen=True):
    """What is known of a pod."""

    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    host_ip: str = msgspec.field(default="", name="hostIP")
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class Pod(KubernetesObject, frozen=True):
    """Containers that run together."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def containers(self) -> list[tuple[Container, bool]]:
        """All containers, and of each whether it is an init container."""
        usual = [(container, False) for container in self.spec.containers or ()]
        return usual + [(container, True) for container in self.spec.init_containers or ()]


class Reference(_Struct, frozen=True):
    """What an address belongs to."""

    kind: str = ""
    name: str = ""
    namespace: str = ""


class EndpointAddress(_Struct, frozen=True):
    """One address of an Endpoints object."""

    ip: str = ""
    hostname: str = ""
    node_name: str | None = None
    target_ref: Reference | None = None


class EndpointPort(_Struct, frozen=True):
    """One port of an Endpoints object."""

    name: str = ""
    port: int = 0
    protocol: str = ""


class Subset(_Struct, frozen=True):
    """Addresses that share ports."""

    addresses: list[EndpointAddress] | None = None
    not_ready_addresses: list[EndpointAddress] | None = None
    ports: list[EndpointPort] | None = None


class Endpoints(KubernetesObject, frozen=True):
    """Where a service's pods can be reached."""

    subsets: list[Subset] | None = None


class Conditions(_Struct, frozen=True):
    """The state of one endpoint; None where it is unknown."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(_Struct, frozen=True):
    """One endpoint of a slice."""

    addresses: list[str] | None = None
    conditions: Conditions = Conditions()
    hostname: str | None = None
    node_name: str | None = None
    zone: str | None = None
    target_ref: Reference | None = None
    deprecated_topology: dict[str, str] | None = None


class SlicePort(_Struct, frozen=True):
    """One port of a slice."""

    name: str | None = None
    protocol: str | None = None
    port: int | None = None
    app_protocol: str | None = None


class EndpointSlice(KubernetesObject, frozen=True):
    """A part of where a service's pods can be reached."""

    address_type: str = ""
    endpoints: list[Endpoint] | None = None
    ports: list[SlicePort] | None = None


class IngressPath(_Struct, frozen=True):
    """One path of a rule."""

    path: str = ""


class IngressHTTP(_Struct, frozen=True):
    """The paths of a rule."""

    paths: list[IngressPath] | None = None


class IngressRule(_Struct, frozen=True):
    """What is offered at one host name."""

    host: str = ""
    http: IngressHTTP | None = None


class IngressTLS(_Struct, frozen=True):
    """Host names that are offered over TLS."""

    hosts: list[str] | None = None


class IngressSpec(_Struct, frozen=True):
    """What an ingress is to be."""

    ingress_class_name: str | None = None
    rules: list[IngressRule] | None = None
    tls: list[IngressTLS] | None = None


class Ingress(KubernetesObject, frozen=True):
    """A way into the cluster."""

    spec: IngressSpec = IngressSpec()
