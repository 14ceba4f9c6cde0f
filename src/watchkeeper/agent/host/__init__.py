"""The host collector: this machine, with node-exporter's names."""

from watchkeeper.agent.host.fetch import HostFetcher
from watchkeeper.agent.host.host import Host
from watchkeeper.agent.host.roots import Roots

__all__ = ["Host", "HostFetcher", "Roots"]
