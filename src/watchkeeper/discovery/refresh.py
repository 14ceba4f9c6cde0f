"""Looking targets up again and again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from watchkeeper.base.http import HTTPFailure
from watchkeeper.discovery.group import DiscoveryFailure, TargetGroup
from watchkeeper.discovery.metrics import DiscoveryMetrics

log = logging.getLogger(__name__)

Refresh = Callable[[], Awaitable[Sequence[TargetGroup]]]


async def refreshing(
    kind: str, refresh: Refresh, interval_s: float, metrics: DiscoveryMetrics
) -> AsyncGenerator[tuple[TargetGroup, ...]]:
    """What has changed in what `refresh` finds, asked every `interval_s`; a failure counts and changes nothing."""
    known: dict[str, TargetGroup] = {}
    first = True
    while True:
        try:
            found = {group.source: group for group in await refresh()}
        except (DiscoveryFailure, HTTPFailure) as failure:
            metrics.failed(kind)
            log.warning("%s discovery keeps its targets: %s", kind, failure)
        else:
            changed = [group for source, group in found.items() if known.get(source) != group]
            gone = [TargetGroup(source) for source in known if source not in found]
            if changed or gone or first:
                yield (*changed, *gone)
            known, first = found, False
        await asyncio.sleep(interval_s)
