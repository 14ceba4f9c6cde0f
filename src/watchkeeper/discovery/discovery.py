"""Several providers as one stream of targets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence

from watchkeeper.discovery.group import Provider, TargetGroup
from watchkeeper.discovery.metrics import DiscoveryMetrics

log = logging.getLogger(__name__)

DEBOUNCE_S = 5.0
"""The least time between two updates, as in Prometheus."""
RESTART_S = 5.0


class Discovery:
    """The targets of one job.

    A provider that fails keeps the targets it had found and is started again.
    """

    def __init__(
        self, job: str, providers: Sequence[Provider], metrics: DiscoveryMetrics, *, debounce_s: float = DEBOUNCE_S
    ) -> None:
        self._job = job
        self._providers = providers
        self._metrics = metrics
        self._debounce_s = debounce_s
        self._groups: dict[tuple[int, str], TargetGroup] = {}
        self._changed = asyncio.Event()

    async def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        """All groups with targets: once as soon as any are known, then after changes, no faster than the debounce.

        A job without providers has one, empty update. Ends only when it is closed.
        """
        tasks = [asyncio.create_task(self._follow(i, provider)) for i, provider in enumerate(self._providers)]
        if not tasks:
            self._changed.set()
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                groups = tuple(self._groups.values())
                self._metrics.updated(self._job, sum(len(group.targets) for group in groups))
                yield groups
                await asyncio.sleep(self._debounce_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, index: int, provider: Provider) -> None:
        while True:
            updates = provider.updates()
            try:
                async for groups in updates:
                    self._take(index, groups)
                return
            except Exception:
                log.exception("job %s: %s discovery failed and starts again", self._job, provider.kind)
                self._metrics.failed(provider.kind)
            finally:
                await updates.aclose()
            await asyncio.sleep(RESTART_S)

    def _take(self, index: int, groups: Sequence[TargetGroup]) -> None:
        for group in groups:
            key = (index, group.source)
            if group.targets:
                self._groups[key] = group
            else:
                self._groups.pop(key, None)
        self._changed.set()
