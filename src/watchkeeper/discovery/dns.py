"""Targets behind DNS names."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.resolver

from watchkeeper.discovery.config import DNSSDConfig
from watchkeeper.discovery.group import ADDRESS, TargetGroup, host_port
from watchkeeper.discovery.metrics import DiscoveryMetrics
from watchkeeper.discovery.refresh import refreshing

log = logging.getLogger(__name__)

Resolvers = Callable[[], dns.asyncresolver.Resolver]

LOOKUP_S = 10.0


class DNSProvider:
    """Looks names up in each refresh interval; a name whose look-up fails keeps its targets.

    `resolvers` makes the resolver of each round: the system's settings may change meanwhile.
    """

    kind = "dns"

    def __init__(
        self, config: DNSSDConfig, metrics: DiscoveryMetrics, resolvers: Resolvers = dns.asyncresolver.Resolver
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._resolvers = resolvers
        self._groups: dict[str, TargetGroup] = {}

    def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        """What changes behind the names."""
        return refreshing(self.kind, self._refresh, self._config.refresh_interval_ms / 1000, self._metrics)

    async def _refresh(self) -> list[TargetGroup]:
        try:
            resolver = self._resolvers()
        except (dns.exception.DNSException, OSError) as error:
            self._failed("the resolver's settings", error)
        else:
            await asyncio.gather(*(self._look_up(resolver, name) for name in self._config.names))
        return list(self._groups.values())

    async def _look_up(self, resolver: dns.asyncresolver.Resolver, name: str) -> None:
        try:
            answer = await resolver.resolve(
                name, self._config.type, raise_on_no_answer=False, search=True, lifetime=LOOKUP_S
            )
        except dns.resolver.NXDOMAIN:
            self._groups[name] = TargetGroup(name)
        except (dns.exception.DNSException, OSError) as error:
            self._failed(name, error)
        else:
            targets = tuple(self._targets(name, answer.rrset or ()))
            self._groups[name] = TargetGroup(name, targets)

    def _failed(self, what: str, error: Exception) -> None:
        self._metrics.failed(self.kind)
        log.warning("dns discovery keeps the targets of %s: %s", what, error)

    def _targets(self, name: str, records: Any) -> Iterator[Mapping[str, str]]:
        for record in records:
            yield {"__meta_dns_name": name, **_labels(self._config.type, record, self._config.port)}


def _labels(kind: str, record: Any, port: int) -> Mapping[str, str]:
    """The labels that one record gives; hosts lose their final dot in the address, as in Prometheus."""
    if kind in ("A", "AAAA"):
        return {ADDRESS: host_port(record.address, port)}
    if kind == "SRV":
        return {
            ADDRESS: host_port(_undotted(record.target), record.port),
            "__meta_dns_srv_record_target": str(record.target),
            "__meta_dns_srv_record_port": str(record.port),
        }
    if kind == "MX":
        return {
            ADDRESS: host_port(_undotted(record.exchange), port),
            "__meta_dns_mx_record_target": str(record.exchange),
        }
    return {ADDRESS: host_port(_undotted(record.target), port), "__meta_dns_ns_record_target": str(record.target)}


def _undotted(name: object) -> str:
    return str(name).rstrip(".")
