"""All rule groups: applied, reloaded, shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import STALE, SampleBatch
from watchkeeper.query.promql import Engine
from watchkeeper.rules.alerting import Surroundings
from watchkeeper.rules.distress import Distress
from watchkeeper.rules.group import House, RunningGroup
from watchkeeper.rules.group_loop import GroupLoop
from watchkeeper.rules.metrics import RuleMetrics
from watchkeeper.rules.restoring import Restorer
from watchkeeper.rules.rule import RuleGroup
from watchkeeper.rules.sink import AlertSink
from watchkeeper.rules.status import GroupStatus
from watchkeeper.store import Store
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """What the command line says about rules. `threads` evaluate groups at the same time."""

    external_url: str = ""
    resend_delay_ms: int = 60_000
    outage_tolerance_ms: int = 3_600_000
    grace_period_ms: int = 600_000
    threads: int = 4


class Rules:
    """The rule groups that run. `apply` before anything else, `stop` at the end; all on one event loop."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        sink: AlertSink,
        clock: Clock,
        registry: CollectorRegistry,
        options: RuleOptions | None = None,
    ) -> None:
        self._options = options or RuleOptions()
        self._threads = ThreadPoolExecutor(self._options.threads, thread_name_prefix="rules")
        around = Surroundings(Labels(), self._options.external_url, self._options.resend_delay_ms)
        self._house = House(store, engine, sink, clock, RuleMetrics(registry), self._threads, around)
        self._distress = Distress(sink, self._options.external_url, self._options.resend_delay_ms)
        self._loops: dict[tuple[str, str], GroupLoop] = {}
        self._restored = False
        self._retiring: set[asyncio.Task[None]] = set()

    async def apply(self, groups: Sequence[RuleGroup], external_labels: Mapping[str, str] | None = None) -> None:
        """Run these groups and no others; those that are as before go on undisturbed, the others keep their alerts."""
        around = replace(self._house.around, external_labels=Labels(external_labels or {}))
        anew = around != self._house.around
        self._house = replace(self._house, around=around)
        before, self._loops = self._loops, {}
        changed: list[RuleGroup] = []
        for group in groups:
            loop = before.get(group.key)
            if loop is not None and loop.running.group == group and not anew:
                self._loops[group.key] = before.pop(group.key)
            else:
                changed.append(group)
        await asyncio.gather(*(loop.stop() for loop in before.values()))
        for group in changed:
            self._start(group, before.pop(group.key, None))
        self._restored = True
        for loop in before.values():
            await self._distress.note(loop.running.group, (), self._house.clock.now_ms())
            self._retire(loop)

    async def stop(self) -> None:
        """End all rounds. Nothing goes stale: whoever starts next goes on where this ended."""
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        await asyncio.gather(*(loop.stop(at_once=True) for loop in self._loops.values()))
        self._loops.clear()
        self._threads.shutdown(wait=True)

    def groups(self) -> list[GroupStatus]:
        """Every group, by file and name."""
        return [self._loops[key].running.status() for key in sorted(self._loops)]

    def _start(self, group: RuleGroup, before: GroupLoop | None) -> None:
        running = RunningGroup(group, self._house, restored=self._restored)
        restorer = None
        if before is not None:
            running.take_over(before.running)
            restorer = before.restorer
        elif not self._restored:
            restorer = Restorer(self._options.outage_tolerance_ms, self._options.grace_period_ms)
        loop = self._loops[group.key] = GroupLoop(running, self._distress, restorer)
        loop.start()

    def _retire(self, loop: GroupLoop) -> None:
        """Let what a group wrote go stale, unless another group writes it soon."""
        self._house.metrics.forget(loop.running.name)
        task = asyncio.create_task(self._go_stale(loop.running), name=f"staleness of {loop.running.group.name}")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def _go_stale(self, gone: RunningGroup) -> None:
        at = self._house.clock.now_ms()
        await asyncio.sleep(2 * gone.group.interval_ms / 1000)
        await self.mark_stale(gone, at)

    async def mark_stale(self, gone: RunningGroup, at: int) -> None:
        """Write staleness markers as of `at` for what a group that is gone wrote, and no other group writes now."""
        store, refs = self._house.store, self._unwritten(gone.refs)
        refs = refs[store.alive(refs)]
        if not refs.size:
            return
        times = np.full(refs.size, at, dtype=np.int64)
        try:
            await store.append(SampleBatch(gone.group.tenant, refs, times, np.full(refs.size, STALE)))
        except StoreFailure as why:
            log.warning("the series of the rule group %s get no staleness markers: %s", gone.group.name, why)

    def _unwritten(self, refs: NDArray[np.int32]) -> NDArray[np.int32]:
        for loop in self._loops.values():
            refs = np.setdiff1d(refs, loop.running.refs)
        return refs
