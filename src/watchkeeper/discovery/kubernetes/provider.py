"""Targets in a Kubernetes cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping

from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient
from watchkeeper.discovery.config import KubernetesSDConfig
from watchkeeper.discovery.group import DiscoveryFailure, TargetGroup
from watchkeeper.discovery.kubernetes.access import Access, access
from watchkeeper.discovery.kubernetes.cluster import ClusterView
from watchkeeper.discovery.metrics import DiscoveryMetrics


class KubernetesProvider:
    """Follows the objects of one role and yields a group for each."""

    kind = "kubernetes"

    def __init__(
        self, config: KubernetesSDConfig, clock: Clock, metrics: DiscoveryMetrics, environ: Mapping[str, str]
    ) -> None:
        self._config = config
        self._clock = clock
        self._metrics = metrics
        self._environ = environ

    async def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        """What changes in the cluster, from when everything has been listed once.

        Raises DiscoveryFailure where there is no way to the cluster's API.
        """
        found: Access = access(self._config, self._environ)
        client = HTTPClient(found.client, self._clock, environ=self._environ)
        view = ClusterView(self._config, found, client, self._metrics)
        following = asyncio.gather(*(watch.run() for watch in view.watches))
        try:
            await _or_end(asyncio.gather(*(watch.synced.wait() for watch in view.watches)), following)
            while True:
                yield view.take_changes()
                await _or_end(view.changed.wait(), following)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await client.close()


async def _or_end(awaited: Awaitable[object], following: asyncio.Future[list[None]]) -> None:
    """Wait for what comes, unless the watches end before, which only an error makes them do."""
    waiting = asyncio.ensure_future(awaited)
    try:
        await asyncio.wait({waiting, following}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if following.done():
        following.result()
        raise DiscoveryFailure("the watches have ended")
