"""Targets found: static, file, HTTP, DNS, Kubernetes; for scraping and for alerting alike.

The face is loaded lazily: a process that looks for no targets reads the configuration only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchkeeper.base.face import lazy_face

if TYPE_CHECKING:
    from watchkeeper.discovery.config import DiscoveryConfigs
    from watchkeeper.discovery.discovery import Discovery
    from watchkeeper.discovery.group import DiscoveryFailure, Provider, TargetGroup
    from watchkeeper.discovery.mechanisms import providers
    from watchkeeper.discovery.metrics import DiscoveryMetrics

__all__ = [
    "Discovery",
    "DiscoveryConfigs",
    "DiscoveryFailure",
    "DiscoveryMetrics",
    "Provider",
    "TargetGroup",
    "providers",
]

_HOMES = {
    "Discovery": "discovery",
    "DiscoveryConfigs": "config",
    "DiscoveryFailure": "group",
    "DiscoveryMetrics": "metrics",
    "Provider": "group",
    "TargetGroup": "group",
    "providers": "mechanisms",
}

__getattr__ = lazy_face(__name__, _HOMES)
