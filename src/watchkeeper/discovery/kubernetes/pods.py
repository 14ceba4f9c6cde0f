"""Groups of the role pod, and what a pod gives to the endpoints that lead to it."""

from __future__ import annotations

from watchkeeper.discovery.group import ADDRESS, TargetGroup, host_port
from watchkeeper.discovery.kubernetes.meta import NAMESPACE, PREFIX, meta_labels, present
from watchkeeper.discovery.kubernetes.objects import Container, ContainerPort, Namespace, Node, Pod
from watchkeeper.discovery.kubernetes.simple import namespace_labels


def pod_labels(pod: Pod) -> dict[str, str]:
    """What all targets of a pod have."""
    status, controller = pod.status, pod.metadata.controller
    ready = next((condition.status for condition in status.conditions or () if condition.type == "Ready"), "Unknown")
    labels = {
        **meta_labels("pod", pod.metadata),
        **present(
            {
                "pod_ip": status.pod_ip,
                "pod_ready": ready.lower(),
                "pod_phase": status.phase,
                "pod_node_name": pod.spec.node_name,
                "pod_host_ip": status.host_ip,
                "pod_uid": pod.metadata.uid,
            }
        ),
    }
    if controller is not None:
        labels |= present({"pod_controller_kind": controller.kind, "pod_controller_name": controller.name})
    return labels


def node_labels(node: Node | None) -> dict[str, str]:
    """What is attached of the node; nothing where it is unknown or not asked for."""
    return meta_labels("node", node.metadata) if node is not None else {}


def port_labels(container: Container, port: ContainerPort, protocol: str, *, init: bool) -> dict[str, str]:
    """What a container's port gives to the endpoints that lead to it."""
    return present(
        {
            "pod_container_name": container.name,
            "pod_container_image": container.image,
            "pod_container_port_name": port.name,
            "pod_container_port_number": port.container_port,
            "pod_container_port_protocol": protocol,
            "pod_container_init": init,
        }
    )


def pod_group(pod: Pod, node: Node | None, namespace: Namespace | None) -> TargetGroup:
    """Each port of each container, and each container without ports; nothing while the pod has no address."""
    source = f"pod/{pod.metadata.key}"
    if not pod.status.pod_ip:
        return TargetGroup(source)
    labels = {
        **pod_labels(pod),
        NAMESPACE: pod.metadata.namespace,
        **namespace_labels(namespace),
        **node_labels(node),
    }
    targets = [target for container, init in pod.containers for target in _targets(pod, container, init)]
    return TargetGroup(source, tuple(targets), labels)


def uncovered(pod: Pod, covered: set[int]) -> list[dict[str, str]]:
    """The targets of a pod's ports that none of its endpoints leads to."""
    if not pod.status.pod_ip:
        return []
    return [
        {
            ADDRESS: host_port(pod.status.pod_ip, port.container_port),
            **port_labels(container, port, port.protocol, init=init),
            **pod_labels(pod),
        }
        for container, init in pod.containers
        for port in container.ports or ()
        if port.container_port not in covered
    ]


def matching_port(pod: Pod, number: int, protocol: str | None) -> dict[str, str]:
    """The labels of the container's port with that number; the last container that has it decides."""
    labels: dict[str, str] = {}
    for container, init in pod.containers:
        port = next((port for port in container.ports or () if port.container_port == number), None)
        if port is not None:
            labels |= port_labels(container, port, port.protocol if protocol is None else protocol, init=init)
    return labels


def _targets(pod: Pod, container: Container, init: bool) -> list[dict[str, str]]:
    statuses = pod.status.init_container_statuses if init else pod.status.container_statuses
    own = {
        PREFIX + "pod_container_name": container.name,
        PREFIX + "pod_container_id": next((s.container_id for s in statuses or () if s.name == container.name), ""),
        PREFIX + "pod_container_image": container.image,
        PREFIX + "pod_container_init": str(init).lower(),
    }
    if not container.ports:
        return [{ADDRESS: pod.status.pod_ip, **own}]
    return [
        {
            ADDRESS: host_port(pod.status.pod_ip, port.container_port),
            **own,
            **present(
                {
                    "pod_container_port_number": port.container_port,
                    "pod_container_port_name": port.name,
                    "pod_container_port_protocol": port.protocol,
                }
            ),
        }
        for port in container.ports
    ]
