"""All scrape jobs: applied, reloaded, shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient
from watchkeeper.receive.exposition import warm_up
from watchkeeper.receive.scrape.config import ScrapeConfig
from watchkeeper.receive.scrape.failure_log import FailureLogs
from watchkeeper.receive.scrape.fetch import Fetch, Fetcher
from watchkeeper.receive.scrape.loop import ScrapeLoop, ScrapeOptions, Surroundings
from watchkeeper.receive.scrape.metrics import ScrapeMetrics
from watchkeeper.receive.scrape.pool import Discover, ScrapePool, same_discovery, tracked_refs
from watchkeeper.receive.scrape.series import batch_of, stale_rows
from watchkeeper.receive.scrape.status import TargetMetadata, Targets
from watchkeeper.receive.scrape.storage import Storage
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)


class ScrapePools:
    """The scrape jobs that run. `apply` before anything else, `stop` at the end."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        registry: CollectorRegistry,
        options: ScrapeOptions | None = None,
        *,
        user_agent: str = "Watchkeeper",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._metrics = ScrapeMetrics(registry)
        self._options = options or ScrapeOptions()
        self._user_agent = user_agent
        self._environ = environ or {}
        self._pools: dict[str, ScrapePool] = {}
        self._fetches: dict[str, Fetch | None] = {}
        self._failures = FailureLogs(clock)
        self._retiring: set[asyncio.Task[None]] = set()

    async def apply(
        self, configs: Sequence[ScrapeConfig], discover: Discover, fetches: Mapping[str, Fetch] | None = None
    ) -> None:
        """Run these (resolved) jobs and no others; jobs and targets that are as before go on undisturbed.

        Jobs named in `fetches` are asked by those instead of over HTTP. Raises what making an HTTP client for a job
        raises, and then nothing has changed.
        """
        await asyncio.to_thread(warm_up)
        wanted = {config.job_name: config for config in configs}
        fetches = fetches or {}
        clients = {
            name: self._client(config)
            for name, config in wanted.items()
            if self._is_new(config) or self._is_asked_otherwise(name, fetches.get(name))
        }
        self._failures.reopen(config.scrape_failure_log_file for config in configs)
        gone = [self._pools.pop(name) for name in list(self._pools) if name not in wanted]
        await asyncio.gather(*(pool.stop(retire=True) for pool in gone))
        for name, client in clients.items():
            await self._apply(wanted[name], client, discover, fetches.get(name))

    async def stop(self) -> None:
        """End all scraping. Nothing goes stale: whoever starts next goes on where this ended."""
        for task in self._retiring:
            task.cancel()
        pools = list(self._pools.values())
        self._pools.clear()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        await asyncio.gather(*(pool.stop(retire=False) for pool in pools))
        self._failures.reopen(())

    def pools(self) -> list[str]:
        """The names of the jobs, sorted."""
        return sorted(self._pools)

    def targets(self) -> Targets:
        """All targets, job by job."""
        pools = [self._pools[name] for name in self.pools()]
        return Targets(
            [loop.status() for pool in pools for loop in pool.loops],
            [dropped for pool in pools for dropped in pool.dropped],
            {pool.config.job_name: pool.dropped_count for pool in pools},
        )

    def metadata(self) -> list[TargetMetadata]:
        """What each target says of its metrics."""
        return [
            TargetMetadata(loop.target.public, metadata)
            for name in self.pools()
            for loop in self._pools[name].loops
            for metadata in loop.scraped.metadata
        ]

    def _is_new(self, config: ScrapeConfig) -> bool:
        pool = self._pools.get(config.job_name)
        return pool is None or pool.config != config

    def _is_asked_otherwise(self, name: str, fetch: Fetch | None) -> bool:
        """Say whether a job that runs goes to another source from now on; all of HTTP is one."""
        before = self._fetches.get(name)
        return name in self._pools and before is not fetch

    def _client(self, config: ScrapeConfig) -> HTTPClient:
        return HTTPClient(config, self._clock, environ=self._environ, user_agent=self._user_agent)

    async def _apply(self, config: ScrapeConfig, client: HTTPClient, discover: Discover, fetch: Fetch | None) -> None:
        self._fetches[config.job_name] = fetch
        fetcher = fetch or Fetcher(client, config)
        failures = self._failures.of(config.scrape_failure_log_file)
        around = Surroundings(config, fetcher, self._storage, self._clock, self._metrics, self._options, failures)
        pool = self._pools.get(config.job_name)
        if pool is None:
            pool = self._pools[config.job_name] = ScrapePool(around, client, self._retire)
            pool.follow(discover(config))
            return
        found_alike = same_discovery(pool.config, config)
        await pool.reconfigure(around, client)
        if not found_alike:
            pool.follow(discover(config))

    def _retire(self, loop: ScrapeLoop) -> None:
        """Let the series of a target that is gone go stale, unless somebody sends them again soon."""
        if not len(loop.refs):
            return
        task = asyncio.create_task(self._go_stale(loop), name=f"staleness of {loop.target.url}")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _go_stale(self, loop: ScrapeLoop) -> None:
        """As in Prometheus: the markers stand where the next scrape would have been, and are written an interval later.

        By then a target that only changed its job or its configuration has been scraped again.
        """
        interval_s = loop.target.interval_ms / 1000
        await asyncio.sleep(interval_s)
        at = self._clock.now_ms()
        await asyncio.sleep(1.1 * interval_s)
        refs = np.setdiff1d(loop.refs, tracked_refs(self._pools.values()))
        await self._write_stale(loop, refs, at)

    async def _write_stale(self, loop: ScrapeLoop, refs: NDArray[np.int32], at: int) -> None:
        refs = refs[self._storage.alive(refs)]
        if not len(refs):
            return
        try:
            await self._storage.append(batch_of(loop.tenant, (stale_rows(refs, at),)))
        except StoreFailure as failure:
            log.warning("the series of %s get no staleness markers: %s", loop.target.url, failure)
