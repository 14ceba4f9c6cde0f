"""A cluster as one role sees it: its objects, those around them, and what has to be built anew after a change."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from typing import TypeVar

from watchkeeper.base.http import HTTPClient
from watchkeeper.discovery.config import KubernetesSDConfig
from watchkeeper.discovery.group import TargetGroup
from watchkeeper.discovery.kubernetes.access import Access
from watchkeeper.discovery.kubernetes.endpoints import (
    SERVICE_OF_SLICE,
    endpoints_group,
    referenced_pods,
    slice_group,
)
from watchkeeper.discovery.kubernetes.objects import (
    Endpoints,
    EndpointSlice,
    Ingress,
    KubernetesObject,
    Namespace,
    Node,
    Pod,
    Service,
)
from watchkeeper.discovery.kubernetes.pods import pod_group
from watchkeeper.discovery.kubernetes.simple import ingress_group, node_group, service_group
from watchkeeper.discovery.kubernetes.watch import Resource, Watch
from watchkeeper.discovery.metrics import DiscoveryMetrics

_KINDS: dict[str, type[KubernetesObject]] = {
    "node": Node,
    "pod": Pod,
    "service": Service,
    "endpoints": Endpoints,
    "endpointslice": EndpointSlice,
    "ingress": Ingress,
    "namespace": Namespace,
}
_PATHS = {
    "node": ("/api/v1", "nodes"),
    "pod": ("/api/v1", "pods"),
    "service": ("/api/v1", "services"),
    "endpoints": ("/api/v1", "endpoints"),
    "endpointslice": ("/apis/discovery.k8s.io/v1", "endpointslices"),
    "ingress": ("/apis/networking.k8s.io/v1", "ingresses"),
    "namespace": ("/api/v1", "namespaces"),
}
_SOURCES = {"service": "svc"}
_AROUND = {"endpoints": ("pod", "service"), "endpointslice": ("pod", "service")}
_NODE_ROLES = frozenset({"pod", "endpoints", "endpointslice"})
_WITHOUT_NAMESPACE = frozenset({"node", "namespace"})

_Object = TypeVar("_Object", bound=KubernetesObject)


class ClusterView:
    """`watches` are to be run; `changed` is set when `take_changes` has something to give."""

    def __init__(
        self, config: KubernetesSDConfig, access: Access, client: HTTPClient, metrics: DiscoveryMetrics
    ) -> None:
        self.changed = asyncio.Event()
        self._role = config.role
        self._config = config
        self._access = access
        self._stores: dict[str, list[Watch[KubernetesObject]]] = {
            role: [self._watch(role, resource, client, metrics) for resource in self._resources(role)]
            for role in self._roles()
        }
        self._dirty: set[str] = set()
        self._groups: dict[str, TargetGroup] = {}
        self._needs: dict[str, set[str]] = {}
        self._needed_by: defaultdict[str, set[str]] = defaultdict(set)

    @property
    def watches(self) -> list[Watch[KubernetesObject]]:
        """Everything that has to be followed."""
        return [watch for watches in self._stores.values() for watch in watches]

    def take_changes(self) -> tuple[TargetGroup, ...]:
        """The groups that differ from those given before."""
        self.changed.clear()
        keys, self._dirty = self._dirty, set()
        changes: list[TargetGroup] = []
        for key in sorted(keys):
            group = self._build(key)
            if self._groups.get(key, TargetGroup(group.source)) != group:
                changes.append(group)
            self._remember(key, group)
        return tuple(changes)

    def pod(self, key: str) -> Pod | None:
        """The pod `namespace/name`."""
        return self._find("pod", key, Pod)

    def service(self, key: str) -> Service | None:
        """The service `namespace/name`."""
        return self._find("service", key, Service)

    def node(self, name: str) -> Node | None:
        """The node of that name, where nodes are attached."""
        return self._find("node", name, Node) if self._config.attach_metadata.node else None

    def namespace(self, name: str) -> Namespace | None:
        """The namespace of that name, where namespaces are attached."""
        return self._find("namespace", name, Namespace)

    def _roles(self) -> Iterator[str]:
        yield self._role
        yield from _AROUND.get(self._role, ())
        if self._config.attach_metadata.node and self._role in _NODE_ROLES:
            yield "node"
        if self._config.attach_metadata.namespace and self._role != "node":
            yield "namespace"

    def _resources(self, role: str) -> Iterator[Resource[KubernetesObject]]:
        api, plural = _PATHS[role]
        selector = next((selector for selector in self._config.selectors if selector.role == role), None)
        label, field = (selector.label, selector.field) if selector is not None else ("", "")
        namespaces = self._access.namespaces if role not in _WITHOUT_NAMESPACE else None
        for namespace in dict.fromkeys(namespaces or ("",)):
            path = f"{api}/namespaces/{namespace}/{plural}" if namespace else f"{api}/{plural}"
            yield Resource(path, _KINDS[role], label, field)

    def _watch(
        self, role: str, resource: Resource[KubernetesObject], client: HTTPClient, metrics: DiscoveryMetrics
    ) -> Watch[KubernetesObject]:
        def changed(key: str, before: KubernetesObject | None) -> None:
            self._note(role, key, before)

        return Watch(client, self._access.server, resource, changed, metrics)

    def _note(self, role: str, key: str, before: KubernetesObject | None) -> None:
        if role == self._role:
            self._dirty.add(key)
        elif role in _WITHOUT_NAMESPACE and before is not None and self._looks_alike(role, key, before):
            return  # heartbeats change a node all the time, and nothing that is attached
        else:
            self._dirty |= self._needed_by.get(f"{role}:{key}", set())
        if self._dirty:
            self.changed.set()

    def _looks_alike(self, role: str, key: str, before: KubernetesObject) -> bool:
        now = self._find(role, key, KubernetesObject)
        if now is None:
            return False
        return (now.metadata.labels, now.metadata.annotations) == (before.metadata.labels, before.metadata.annotations)

    def _find(self, role: str, key: str, kind: type[_Object]) -> _Object | None:
        for watch in self._stores.get(role, ()):
            found = watch.objects.get(key)
            if isinstance(found, kind):
                return found
        return None

    def _remember(self, key: str, group: TargetGroup) -> None:
        if group.targets:
            self._groups[key] = group
        else:
            self._groups.pop(key, None)

    def _build(self, key: str) -> TargetGroup:
        found = self._find(self._role, key, KubernetesObject)
        self._depend(key, set(self._around(found)) if found is not None else set())
        match found:
            case Node():
                return node_group(found)
            case Service():
                return service_group(found, self.namespace(found.metadata.namespace))
            case Ingress():
                return ingress_group(found, self.namespace(found.metadata.namespace))
            case Pod():
                return pod_group(found, self.node(found.spec.node_name), self.namespace(found.metadata.namespace))
            case Endpoints():
                return endpoints_group(found, self)
            case EndpointSlice():
                return slice_group(found, self)
            case _:
                return TargetGroup(f"{_SOURCES.get(self._role, self._role)}/{key}")

    def _around(self, found: KubernetesObject) -> Iterator[str]:
        """What the group of an object is built from besides the object."""
        meta = found.metadata
        yield f"namespace:{meta.namespace}"
        match found:
            case Pod():
                yield f"node:{found.spec.node_name}"
            case Endpoints():
                yield f"service:{meta.key}"
                yield from (f"pod:{pod}" for pod in referenced_pods(found))
                addresses = (address for subset in found.subsets or () for address in subset.addresses or ())
                yield from (f"node:{address.node_name}" for address in addresses)
            case EndpointSlice():
                yield f"service:{meta.namespace}/{(meta.labels or {}).get(SERVICE_OF_SLICE, '')}"
                yield from (f"pod:{pod}" for pod in referenced_pods(found))
                yield from (f"node:{endpoint.node_name}" for endpoint in found.endpoints or ())
            case _:
                pass

    def _depend(self, key: str, needs: set[str]) -> None:
        for gone in self._needs.pop(key, set()) - needs:
            self._needed_by[gone].discard(key)
            if not self._needed_by[gone]:
                del self._needed_by[gone]
        for need in needs:
            self._needed_by[need].add(key)
        if needs:
            self._needs[key] = needs
