"""The Alertmanagers of one configuration: found, and told from one queue."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient, HTTPFailure
from watchkeeper.discovery import Discovery, TargetGroup
from watchkeeper.model import relabel
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.rules.alertmanager_metrics import AlertmanagerMetrics
from watchkeeper.rules.config import AlertmanagerConfig

log = logging.getLogger(__name__)

BATCH = 64
CAPACITY = 10_000
"""Alerts that wait at the most; the oldest are dropped for newer ones."""
_DRAIN_S = 10.0
ADDRESS, SCHEME, PATH = "__address__", "__scheme__", "__alerts_path__"


class AlertmanagerSet:
    """Sends batches to each of its Alertmanagers at the same time; one that takes a batch is enough."""

    def __init__(
        self,
        config: AlertmanagerConfig,
        client: HTTPClient,
        clock: Clock,
        metrics: AlertmanagerMetrics,
        capacity: int = CAPACITY,
    ) -> None:
        self.config = config
        self.active: Sequence[str] = ()
        self.dropped: Sequence[str] = ()
        self._client = client
        self._clock = clock
        self._metrics = metrics
        self._capacity = capacity
        self._queue: deque[Alert] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []
        metrics.capacity.set(capacity)

    def start(self, discovery: Discovery) -> None:
        """Look for Alertmanagers, and send."""
        self._tasks = [asyncio.create_task(self._follow(discovery)), asyncio.create_task(self._run())]

    def put(self, alerts: Sequence[Alert]) -> None:
        """Queue alerts."""
        self._queue.extend(alerts)
        lost = max(0, len(self._queue) - self._capacity)
        for _ in range(lost):
            self._queue.popleft()
        if lost:
            log.warning("%d alerts are dropped: more than %d wait for Alertmanagers", lost, self._capacity)
            self._metrics.dropped.inc(lost)
        self._metrics.waiting.inc(len(alerts) - lost)
        self._idle.clear()
        self._arrived.set()

    async def stop(self) -> None:
        """Send what waits, for a while, and end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await self._idle.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._metrics.waiting.dec(len(self._queue))
        self._metrics.found.dec(len(self.active))
        await self._client.close()

    async def _follow(self, discovery: Discovery) -> None:
        async for groups in discovery.updates():
            active, dropped = found(self.config, groups)
            self._metrics.found.inc(len(active) - len(self.active))
            self.active, self.dropped = active, dropped

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
                await self._send(batch)
                self._metrics.waiting.dec(len(batch))
            self._idle.set()

    async def _send(self, batch: Sequence[Alert]) -> None:
        own = [sent for alert in batch if (sent := self._payload(alert)) is not None]
        if not own:
            return
        body = msgspec.json.encode(own)
        taken = await asyncio.gather(*(self._post(url, body, len(own)) for url in self.active))
        if not any(taken):
            self._metrics.dropped.inc(len(own))

    async def _post(self, url: str, body: bytes, count: int) -> bool:
        began_s = self._clock.monotonic_s()
        try:
            answer = await self._client.request("POST", url, headers={"Content-Type": "application/json"}, body=body)
            problem = "" if answer.status // 100 == 2 else f"bad response status {answer.status} {answer.reason}"
        except HTTPFailure as why:
            problem = str(why)
        except Exception as why:
            log.exception("sending alerts to %s failed in an unforeseen way", url)
            problem = str(why)
        self._metrics.latency_s.observe(self._clock.monotonic_s() - began_s)
        self._metrics.sent.labels(url).inc(count)
        if problem:
            self._metrics.errors.labels(url).inc(count)
            log.error("%d alerts could not be sent to the Alertmanager %s: %s", count, url, problem)
        return not problem

    def _payload(self, alert: Alert) -> dict[str, object] | None:
        labels = relabel.apply(self.config.alert_relabel_configs, alert.labels)
        if labels is None:
            return None
        return {
            "labels": dict(labels),
            "annotations": dict(alert.annotations),
            "startsAt": _time(alert.starts_at),
            "endsAt": _time(alert.ends_at),
            "generatorURL": alert.generator_url,
        }


def found(config: AlertmanagerConfig, groups: Sequence[TargetGroup]) -> tuple[list[str], list[str]]:
    """The URLs to send to, each once; and those that relabelling drops."""
    active: dict[str, None] = {}
    dropped: dict[str, None] = {}
    prefix = config.path_prefix.strip("/")
    path = f"/{prefix}/api/v2/alerts" if prefix else "/api/v2/alerts"
    for group in groups:
        for labels in group.label_sets():
            whole = Labels({SCHEME: config.scheme, PATH: path, **labels})
            kept = relabel.apply(config.relabel_configs, whole)
            url = None if kept is None else _url(kept)
            if url is None:
                dropped[_url(whole) or ""] = None
            else:
                active[url] = None
    return list(active), [url for url in dropped if url]


def _url(labels: Labels) -> str | None:
    url = f"{labels.get(SCHEME, '')}://{labels.get(ADDRESS, '')}{labels.get(PATH, '')}"
    return url if urlsplit(url).hostname else None


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
