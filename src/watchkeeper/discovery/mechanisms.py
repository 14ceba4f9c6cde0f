"""The providers that a configuration asks for."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.base.clock import Clock
from watchkeeper.discovery.config import DiscoveryConfigs
from watchkeeper.discovery.dns import DNSProvider
from watchkeeper.discovery.file import FileProvider
from watchkeeper.discovery.group import Provider
from watchkeeper.discovery.http import HTTPProvider
from watchkeeper.discovery.kubernetes import KubernetesProvider
from watchkeeper.discovery.metrics import DiscoveryMetrics
from watchkeeper.discovery.static import StaticProvider


def providers(
    configs: DiscoveryConfigs, clock: Clock, metrics: DiscoveryMetrics, environ: Mapping[str, str]
) -> list[Provider]:
    """A provider for each way of finding targets that one job combines."""
    found: list[Provider] = []
    if configs.static_configs:
        found.append(StaticProvider(configs.static_configs))
    found += [FileProvider(config, clock, metrics) for config in configs.file_sd_configs]
    found += [HTTPProvider(config, clock, metrics, environ) for config in configs.http_sd_configs]
    found += [DNSProvider(config, metrics) for config in configs.dns_sd_configs]
    found += [KubernetesProvider(config, clock, metrics, environ) for config in configs.kubernetes_sd_configs]
    return found
