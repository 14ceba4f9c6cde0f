"""Targets found: static, file, HTTP, DNS, Kubernetes; for scraping and for alerting alike."""

from watchkeeper.discovery.config import DiscoveryConfigs
from watchkeeper.discovery.discovery import Discovery
from watchkeeper.discovery.group import DiscoveryFailure, Provider, TargetGroup
from watchkeeper.discovery.metrics import DiscoveryMetrics
from watchkeeper.discovery.providers import providers

__all__ = [
    "Discovery",
    "DiscoveryConfigs",
    "DiscoveryFailure",
    "DiscoveryMetrics",
    "Provider",
    "TargetGroup",
    "providers",
]
