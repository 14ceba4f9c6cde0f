"""Discovery in Kubernetes: nodes, services, pods, endpoints, endpoint slices and ingresses."""

from watchkeeper.discovery.kubernetes.provider import KubernetesProvider

__all__ = ["KubernetesProvider"]
