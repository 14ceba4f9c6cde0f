"""One scrape job: its targets as discovery finds them, and a loop for each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from watchkeeper.base.http import HTTPClient, HTTPClientConfig
from watchkeeper.discovery import DiscoveryConfigs, TargetGroup
from watchkeeper.model.labels import Labels
from watchkeeper.receive.scrape.config import ScrapeConfig
from watchkeeper.receive.scrape.loop import ScrapeLoop, Surroundings
from watchkeeper.receive.scrape.scraped import ScrapedTarget
from watchkeeper.receive.scrape.status import DroppedTarget
from watchkeeper.receive.scrape.target import Found, Target, find_targets

log = logging.getLogger(__name__)

_NAMING = frozenset({"scrape_interval_ms", "scrape_timeout_ms", "sample_limit", "scrape_failure_log_file"})
"""The keys, beside those of HTTP and discovery, that do not change what a target's series are called."""


class TargetUpdates(Protocol):
    """Where a job's targets come from; `watchkeeper.discovery.Discovery` is one."""

    def updates(self) -> AsyncGenerator[tuple[TargetGroup, ...]]:
        """All groups, each time they have changed; ends only when it is closed."""
        ...


Discover = Callable[[ScrapeConfig], TargetUpdates]
Retired = Callable[[ScrapeLoop], None]
"""Told of a loop whose target is gone, so that its series go stale if nobody takes them over."""


@dataclass(slots=True)
class _Running:
    loop: ScrapeLoop
    task: asyncio.Task[None]


class ScrapePool:
    """Keeps one loop per target. Everything but the constructor runs on the event loop."""

    def __init__(self, around: Surroundings, client: HTTPClient, retired: Retired) -> None:
        self._around = around
        self._client = client
        self._retired = retired
        self._running: dict[tuple[Labels, str], _Running] = {}
        self._groups: Sequence[TargetGroup] = ()
        self._found = Found((), (), ())
        self._follower: asyncio.Task[None] | None = None

    @property
    def config(self) -> ScrapeConfig:
        """The job as it runs."""
        return self._around.config

    @property
    def loops(self) -> list[ScrapeLoop]:
        """The loops of the active targets."""
        return [running.loop for running in self._running.values()]

    @property
    def dropped(self) -> list[DroppedTarget]:
        """The targets that relabelling dropped, as many as the job keeps."""
        kept = self.config.keep_dropped_targets
        labels = self._found.dropped[:kept] if kept else self._found.dropped
        return [DroppedTarget(one, self.config.job_name) for one in labels]

    @property
    def dropped_count(self) -> int:
        """How many targets relabelling dropped."""
        return len(self._found.dropped)

    def follow(self, source: TargetUpdates) -> None:
        """Take the targets from `source` from now on; those there are stay until its first update."""
        if self._follower is not None:
            self._follower.cancel()
        self._follower = asyncio.create_task(self._follow(source), name=f"targets of {self.config.job_name}")

    async def reconfigure(self, around: Surroundings, client: HTTPClient) -> None:
        """Scrape the same targets by another configuration of the job."""
        before, old_client = self._around, self._client
        self._around, self._client = around, client
        keep_series = _naming(before.config) == _naming(around.config)
        loops = await self._end(list(self._running))
        self._found = find_targets(around.config, _label_sets(self._groups))
        heirs = {loop.target.identity: loop for loop in loops}
        for target in self._found.targets:
            old = heirs.pop(target.identity, None) if around.config.tenant == before.config.tenant else None
            self._begin(target, old, keep_series=keep_series)
        for loop in heirs.values():
            self._retired(loop)
        self._limit_targets(len(self._running))
        await old_client.close()

    async def stop(self, *, retire: bool) -> None:
        """End all loops. With `retire`, the targets are gone for good, and their series go stale."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
        if not retire:
            for running in self._running.values():
                running.task.cancel()
        for loop in await self._end(list(self._running)):
            if retire:
                self._retired(loop)
        self._around.metrics.targets.remove(self.config.job_name)
        await self._client.close()

    async def sync(self, groups: Sequence[TargetGroup]) -> None:
        """Scrape just the targets of `groups`: loops of those that stay go on, the others begin or end."""
        self._groups = groups
        self._found = await asyncio.to_thread(find_targets, self.config, list(_label_sets(groups)))
        for failure in self._found.failures:
            log.error("job %s: %s", self.config.job_name, failure)
        self._around.metrics.failed_targets.labels(self.config.job_name).inc(len(self._found.failures))
        wanted = {target.identity: target for target in self._found.targets}
        gone = [identity for identity in self._running if identity not in wanted]
        paced = [loop.target.identity for loop in self.loops if _paces(loop.target, wanted)]
        heirs = {loop.target.identity: loop for loop in await self._end(paced)}
        for identity, target in wanted.items():
            if identity in self._running:
                self._running[identity].loop.target = target
            else:
                self._begin(target, heirs.get(identity), keep_series=True)
        self._limit_targets(len(wanted))
        for loop in await self._end(gone):
            self._retired(loop)

    async def _follow(self, source: TargetUpdates) -> None:
        updates = source.updates()
        try:
            async for groups in updates:
                await self.sync(groups)
        except Exception:
            log.exception("job %s: its targets are no longer followed", self.config.job_name)
        finally:
            await updates.aclose()

    def _begin(self, target: Target, heir_of: ScrapeLoop | None = None, *, keep_series: bool = False) -> None:
        scraped: ScrapedTarget | None = None
        if heir_of is not None and keep_series:
            scraped = heir_of.scraped
        loop = ScrapeLoop(target, self._around, scraped)
        if heir_of is not None:
            loop.scraped.tracked = heir_of.scraped.tracked
        task = asyncio.create_task(loop.run(), name=f"scrape {target.url}")
        self._running[target.identity] = _Running(loop, task)

    async def _end(self, identities: Iterable[tuple[Labels, str]]) -> list[ScrapeLoop]:
        """Stop loops, and return them when their last scrapes are over."""
        ended = [self._running.pop(identity) for identity in identities]
        for running in ended:
            running.loop.stop()
        await asyncio.gather(*(running.task for running in ended), return_exceptions=True)
        return [running.loop for running in ended]

    def _limit_targets(self, count: int) -> None:
        limit = self.config.target_limit
        self._around.metrics.targets.labels(self.config.job_name).set(count)
        over = 0 < limit < count
        self._around.forbidden = f"target_limit exceeded (number of targets: {count}, limit: {limit})" if over else None


def _paces(target: Target, wanted: Mapping[tuple[Labels, str], Target]) -> bool:
    """Say whether a target is wanted at another pace than so far."""
    new = wanted.get(target.identity)
    return new is not None and (new.interval_ms, new.timeout_ms) != (target.interval_ms, target.timeout_ms)


def tracked_refs(pools: Iterable[ScrapePool]) -> NDArray[np.int32]:
    """All refs that some running loop looks after."""
    refs = [loop.refs for pool in pools for loop in pool.loops]
    return np.unique(np.concatenate(refs)) if refs else np.zeros(0, dtype=np.int32)


def same_discovery(a: ScrapeConfig, b: ScrapeConfig) -> bool:
    """Say whether two configurations of a job find the same targets."""
    return all(getattr(a, name) == getattr(b, name) for name in DiscoveryConfigs.model_fields)


def _naming(config: ScrapeConfig) -> dict[str, object]:
    """The part of a configuration that decides what series are called and how bodies are read."""
    without = _NAMING | HTTPClientConfig.model_fields.keys() | DiscoveryConfigs.model_fields.keys()
    return {name: getattr(config, name) for name in ScrapeConfig.model_fields if name not in without}


def _label_sets(groups: Iterable[TargetGroup]) -> Iterable[Mapping[str, str]]:
    return (labels for group in groups for labels in group.label_sets())
