"""Groups of the roles endpoints and endpointslice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from watchkeeper.discovery.group import ADDRESS, TargetGroup, host_port
from watchkeeper.discovery.kubernetes.meta import NAMESPACE, PREFIX, meta_labels, present, sanitized
from watchkeeper.discovery.kubernetes.objects import (
    Endpoint,
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    Namespace,
    Node,
    Pod,
    Reference,
    Service,
    SlicePort,
)
from watchkeeper.discovery.kubernetes.pods import matching_port, node_labels, pod_labels, uncovered
from watchkeeper.discovery.kubernetes.simple import namespace_labels, service_labels

SERVICE_OF_SLICE = "kubernetes.io/service-name"


class Cluster(Protocol):
    """Where the objects around an endpoint are looked up; None where one is unknown or not asked for."""

    def pod(self, key: str) -> Pod | None:
        """The pod `namespace/name`."""
        ...

    def service(self, key: str) -> Service | None:
        """The service `namespace/name`."""
        ...

    def node(self, name: str) -> Node | None:
        """The node of that name."""
        ...

    def namespace(self, name: str) -> Namespace | None:
        """The namespace of that name."""
        ...


@dataclass(slots=True)
class _Seen:
    """Pods that endpoints have led to, and the ports they led to."""

    pods: dict[str, Pod] = field(default_factory=dict[str, Pod])
    ports: dict[str, set[int]] = field(default_factory=dict[str, set[int]])

    def note(self, pod: Pod, port: int | None) -> None:
        self.pods[pod.metadata.key] = pod
        self.ports.setdefault(pod.metadata.key, set()).update(() if port is None else (port,))

    def uncovered(self) -> list[dict[str, str]]:
        return [target for key, pod in self.pods.items() for target in uncovered(pod, self.ports[key])]


def endpoints_group(endpoints: Endpoints, cluster: Cluster) -> TargetGroup:
    """Each address and port, and the further ports of the pods behind them."""
    meta, seen = endpoints.metadata, _Seen()
    targets: list[Mapping[str, str]] = []
    for subset in endpoints.subsets or ():
        for port in subset.ports or ():
            for ready, addresses in ((True, subset.addresses), (False, subset.not_ready_addresses)):
                targets += [_address_target(address, port, ready, cluster, seen) for address in addresses or ()]
    labels = {
        NAMESPACE: meta.namespace,
        **meta_labels("endpoints", meta),
        **_service(cluster, meta.key),
        **namespace_labels(cluster.namespace(meta.namespace)),
    }
    return TargetGroup(f"endpoints/{meta.key}", (*targets, *seen.uncovered()), labels)


def slice_group(slice_: EndpointSlice, cluster: Cluster) -> TargetGroup:
    """Each address and port, and the further ports of the pods behind them."""
    meta, seen = slice_.metadata, _Seen()
    targets = [
        _endpoint_target(address, endpoint, port, cluster, seen)
        for endpoint in slice_.endpoints or ()
        for port in slice_.ports or ()
        for address in endpoint.addresses or ()
    ]
    service = (meta.labels or {}).get(SERVICE_OF_SLICE)
    labels = {
        NAMESPACE: meta.namespace,
        PREFIX + "endpointslice_address_type": slice_.address_type,
        **meta_labels("endpointslice", meta),
        **(_service(cluster, f"{meta.namespace}/{service}") if service is not None else {}),
        **namespace_labels(cluster.namespace(meta.namespace)),
    }
    return TargetGroup(f"endpointslice/{meta.key}", (*targets, *seen.uncovered()), labels)


def referenced_pods(found: Endpoints | EndpointSlice) -> set[str]:
    """The pods that the endpoints lead to, as `namespace/name`."""
    if isinstance(found, EndpointSlice):
        references = [endpoint.target_ref for endpoint in found.endpoints or ()]
    else:
        references = [
            address.target_ref
            for subset in found.subsets or ()
            for address in (*(subset.addresses or ()), *(subset.not_ready_addresses or ()))
        ]
    return {f"{ref.namespace}/{ref.name}" for ref in references if ref is not None and ref.kind == "Pod"}


def _address_target(
    address: EndpointAddress, port: EndpointPort, ready: bool, cluster: Cluster, seen: _Seen
) -> Mapping[str, str]:
    ref = address.target_ref
    target = {
        ADDRESS: host_port(address.ip, port.port),
        **present(
            {
                "endpoint_port_name": port.name,
                "endpoint_port_protocol": port.protocol,
                "endpoint_ready": ready,
                "endpoint_address_target_kind": ref.kind if ref is not None else None,
                "endpoint_address_target_name": ref.name if ref is not None else None,
                "endpoint_node_name": address.node_name,
                "endpoint_hostname": address.hostname or None,
            }
        ),
        **_node(cluster, ref, address.node_name),
    }
    pod = _pod(cluster, ref)
    if pod is None:
        return target
    seen.note(pod, port.port)
    return {**target, **pod_labels(pod), **matching_port(pod, port.port, port.protocol)}


def _endpoint_target(
    address: str, endpoint: Endpoint, port: SlicePort, cluster: Cluster, seen: _Seen
) -> Mapping[str, str]:
    ref, conditions = endpoint.target_ref, endpoint.conditions
    target = {
        ADDRESS: address if port.port is None else host_port(address, port.port),
        **present(
            {
                "endpointslice_port_name": port.name,
                "endpointslice_port_protocol": port.protocol,
                "endpointslice_port": port.port,
                "endpointslice_port_app_protocol": port.app_protocol,
                "endpointslice_endpoint_conditions_ready": conditions.ready,
                "endpointslice_endpoint_conditions_serving": conditions.serving,
                "endpointslice_endpoint_conditions_terminating": conditions.terminating,
                "endpointslice_endpoint_hostname": endpoint.hostname,
                "endpointslice_endpoint_node_name": endpoint.node_name,
                "endpointslice_endpoint_zone": endpoint.zone,
                "endpointslice_address_target_kind": ref.kind if ref is not None else None,
                "endpointslice_address_target_name": ref.name if ref is not None else None,
            }
        ),
        **_topology(endpoint),
        **_node(cluster, ref, endpoint.node_name),
    }
    pod = _pod(cluster, ref)
    if pod is None:
        return target
    seen.note(pod, port.port)
    ports = matching_port(pod, port.port, None) if port.port is not None else {}
    return {**target, **pod_labels(pod), **ports}


def _topology(endpoint: Endpoint) -> dict[str, str]:
    labels: dict[str, str] = {}
    for key, value in (endpoint.deprecated_topology or {}).items():
        labels[f"{PREFIX}endpointslice_endpoint_topology_{sanitized(key)}"] = value
        labels[f"{PREFIX}endpointslice_endpoint_topology_present_{sanitized(key)}"] = "true"
    return labels


def _service(cluster: Cluster, key: str) -> dict[str, str]:
    service = cluster.service(key)
    return service_labels(service) if service is not None else {}


def _pod(cluster: Cluster, ref: Reference | None) -> Pod | None:
    if ref is None or ref.kind != "Pod":
        return None
    return cluster.pod(f"{ref.namespace}/{ref.name}")


def _node(cluster: Cluster, ref: Reference | None, node_name: str | None) -> dict[str, str]:
    name = ref.name if ref is not None and ref.kind == "Node" else node_name
    return node_labels(cluster.node(name)) if name is not None else {}
