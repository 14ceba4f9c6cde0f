"""Targets that an HTTP server lists."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient, shown_url
from watchkeeper.discovery.config import HTTPSDConfig
from watchkeeper.discovery.group import DiscoveryFailure, TargetGroup
from watchkeeper.discovery.listing import from_json
from watchkeeper.discovery.metrics import DiscoveryMetrics
from watchkeeper.discovery.refresh import refreshing


class HTTPProvider:
    """Asks a server for target groups as JSON, in each refresh interval."""

    kind = "http"

    def __init__(
        self, config: HTTPSDConfig, clock: Clock, metrics: DiscoveryMetrics, environ: Mapping[str, str]
    ) -> None:
        self._config = config
        self._clock = clock
        self._metrics = metrics
        self._environ = environ

    async def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        """What changes in the server's list."""
        interval_s = self._config.refresh_interval_ms / 1000
        client = HTTPClient(self._config, self._clock, environ=self._environ, timeout_s=max(interval_s, 1.0))
        try:
            async for groups in refreshing(self.kind, lambda: self._refresh(client), interval_s, self._metrics):
                yield groups
        finally:
            await client.close()

    async def _refresh(self, client: HTTPClient) -> list[TargetGroup]:
        url = self._config.url
        seconds = f"{self._config.refresh_interval_ms / 1000:g}"
        headers = {"Accept": "application/json", "X-Prometheus-Refresh-Interval-Seconds": seconds}
        answer = await client.request("GET", url, headers=headers)
        if answer.status != 200:
            raise DiscoveryFailure(f"{shown_url(url)} answers with the status {answer.status}, not 200")
        kind = answer.headers.get("Content-Type", "")
        if kind.split(";")[0].strip().lower() != "application/json":
            raise DiscoveryFailure(f'{shown_url(url)} answers with the content type "{kind}", not application/json')
        return from_json(answer.body, url, {"__meta_url": url})
