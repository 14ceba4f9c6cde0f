"""Groups of the roles node, service and ingress: one object, one group."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.discovery.group import ADDRESS, TargetGroup, host_port
from watchkeeper.discovery.kubernetes.meta import NAMESPACE, PREFIX, meta_labels, present, sanitized
from watchkeeper.discovery.kubernetes.objects import Ingress, IngressRule, Namespace, Node, Service

_ADDRESS_TYPES = ("InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname")


def node_group(node: Node) -> TargetGroup:
    """The kubelet of a node; no target where the node has no address."""
    source = f"node/{node.metadata.name}"
    first: dict[str, str] = {}
    for address in node.status.addresses or ():
        first.setdefault(address.type, address.address)
    kind = next((kind for kind in _ADDRESS_TYPES if kind in first), None)
    if kind is None:
        return TargetGroup(source)
    port = node.status.daemon_endpoints.kubelet_endpoint.port
    target = {ADDRESS: host_port(first[kind], port), "instance": node.metadata.name}
    target |= {f"{PREFIX}node_address_{sanitized(kind)}": address for kind, address in first.items()}
    labels = {**meta_labels("node", node.metadata), **present({"node_provider_id": node.spec.provider_id})}
    return TargetGroup(source, (target,), labels)


def service_labels(service: Service) -> dict[str, str]:
    """What a service gives to its own targets, and to those of its endpoints."""
    return {**meta_labels("service", service.metadata), NAMESPACE: service.metadata.namespace}


def service_group(service: Service, namespace: Namespace | None) -> TargetGroup:
    """Each port of a service, under the service's name in the cluster's DNS."""
    meta, spec = service.metadata, service.spec
    own: dict[str, str | None] = {"service_type": spec.type}
    if spec.type == "ExternalName":
        own["service_external_name"] = spec.external_name
    else:
        own["service_cluster_ip"] = spec.cluster_ip
    if spec.type == "LoadBalancer":
        own["service_loadbalancer_ip"] = spec.load_balancer_ip
    targets = tuple(
        {
            ADDRESS: host_port(f"{meta.name}.{meta.namespace}.svc", port.port),
            **present(
                {
                    "service_port_name": port.name,
                    "service_port_number": port.port,
                    "service_port_protocol": port.protocol,
                    **own,
                }
            ),
        }
        for port in spec.ports or ()
    )
    labels = {**service_labels(service), **namespace_labels(namespace)}
    return TargetGroup(f"svc/{meta.key}", targets, labels)


def ingress_group(ingress: Ingress, namespace: Namespace | None) -> TargetGroup:
    """Each path of each rule."""
    meta, spec = ingress.metadata, ingress.spec
    secure = [host for tls in spec.tls or () for host in tls.hosts or ()]
    targets = tuple(target for rule in spec.rules or () for target in _paths(rule, secure))
    labels = {
        **meta_labels("ingress", meta),
        NAMESPACE: meta.namespace,
        **present({"ingress_class_name": spec.ingress_class_name}),
        **namespace_labels(namespace),
    }
    return TargetGroup(f"ingress/{meta.key}", targets, labels)


def namespace_labels(namespace: Namespace | None) -> dict[str, str]:
    """What is attached of the namespace; nothing where it is not asked for."""
    return meta_labels("namespace", namespace.metadata, name=False) if namespace is not None else {}


def _paths(rule: IngressRule, secure: list[str]) -> Iterator[dict[str, str]]:
    scheme = "https" if any(_covers(pattern, rule.host) for pattern in secure) else "http"
    paths = [entry.path for entry in (rule.http.paths if rule.http is not None else None) or ()]
    for path in paths or ["/"]:
        yield {
            ADDRESS: rule.host,
            **present({"ingress_scheme": scheme, "ingress_host": rule.host, "ingress_path": path or "/"}),
        }


def _covers(pattern: str, host: str) -> bool:
    """Say whether a host name matches one that may begin with `*.`, which stands for exactly one part."""
    if pattern == host:
        return True
    first, _, rest = pattern.partition(".")
    return first == "*" and rest != "" and host.partition(".")[2] == rest
