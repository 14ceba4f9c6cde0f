"""The gateway without HTTP: pushes in, groups kept, samples written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge

from watchkeeper.base.clock import Clock
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import AppendOutcome, SampleBatch
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.receive.exposition.descriptor import metric_family
from watchkeeper.receive.pushgateway.body import families_of
from watchkeeper.receive.pushgateway.consistency import Exposed, normalize
from watchkeeper.receive.pushgateway.failure import Inconsistent, PushFailure
from watchkeeper.receive.pushgateway.grouping import grouping_of, key_of
from watchkeeper.receive.pushgateway.keeping import Keeping, Kept
from watchkeeper.receive.pushgateway.sampling import Samples, samples_of, stale_batch
from watchkeeper.receive.pushgateway.text import GAUGE
from watchkeeper.store.failure import StoreFailure

logger = logging.getLogger("watchkeeper.receive")

PUSHED, FAILED = "push_time_seconds", "push_failure_time_seconds"
_HELP = {
    PUSHED: "Last Unix time when changing this group in the Pushgateway succeeded.",
    FAILED: "Last Unix time when changing this group in the Pushgateway failed.",
}


class Sink(Protocol):
    """What the gateway needs of the store."""

    @property
    def generation(self) -> int:
        """Grows whenever refs given out earlier have become invalid."""
        ...

    def resolve(self, tenant: str, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """The refs of label sets; −1 where a limit refuses a new series."""
        ...

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        """Store `batch`; returns after it is committed. Raises StoreFailure."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer in plain text."""

    status: int
    text: str = ""


@dataclass(slots=True)
class Group:
    """What was pushed under one grouping key: MetricFamily messages by name, and when each was pushed (ms)."""

    labels: dict[str, str]
    families: dict[str, Any] = field(default_factory=dict[str, Any])
    pushed_ms: dict[str, int] = field(default_factory=dict[str, int])
    samples: Samples | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the last push was taken."""
        return _value(self.families.get(PUSHED)) >= _value(self.families.get(FAILED))


class Pushgateway:
    """Groups by tenant, all on one event loop. `open` before use; `run` samples until it is cancelled."""

    def __init__(self, sink: Sink, keeping: Keeping, clock: Clock, registry: CollectorRegistry) -> None:
        self._sink = sink
        self._keeping = keeping
        self._clock = clock
        self._groups: dict[str, dict[str, Group]] = {}
        self._exposed: dict[str, Exposed] = {}
        self._changing = asyncio.Lock()
        self.interval_ms = 60_000
        self._requests = Counter(
            "watchkeeper_pushgateway_requests_total",
            "Requests to the Pushgateway API, by HTTP method and status.",
            ["method", "code"],
            registry=registry,
        )
        self._count = Gauge("watchkeeper_pushgateway_groups", "Groups that are kept.", registry=registry)

    async def open(self) -> None:
        """Take up the groups that were kept. Raises StoreFailure."""
        for kept in await self._keeping.open():
            groups = self._groups.setdefault(kept.tenant, {})
            group = groups.setdefault(kept.grouping, Group(kept.labels()))
            group.families[kept.name] = family = metric_family().FromString(kept.family)
            group.pushed_ms[kept.name] = kept.pushed_at_ms
            self._exposed.setdefault(kept.tenant, Exposed()).add(kept.grouping, family)
        self._recount()

    def groups(self, tenant: str = DEFAULT_TENANT) -> list[Group]:
        """A tenant's groups."""
        return [group for _, group in sorted(self._groups.get(tenant, {}).items())]

    async def handle(
        self,
        method: str,
        job: str,
        rest: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        job_is_base64: bool = False,
        tenant: str = DEFAULT_TENANT,
    ) -> Answer:
        """PUT, POST or DELETE of `/metrics/job/<job>/<rest>`; answered once the group is kept.

        200 for a push (sampled at once, too), 202 for a deletion, 400 with the reason. Raises StoreFailure where the
        group cannot be kept; nothing has changed then.
        """
        try:
            labels = grouping_of(job, rest, job_is_base64=job_is_base64)
            if method == "DELETE":
                await self._delete(tenant, key_of(labels))
                answer = Answer(202)
            else:
                families = families_of(body, headers or {})
                await self._push(tenant, labels, families, replace=method == "PUT")
                answer = Answer(200)
        except PushFailure as failure:
            answer = Answer(failure.status, str(failure))
        self._requests.labels(method.lower(), str(answer.status)).inc()
        return answer

    async def wipe(self, tenant: str = DEFAULT_TENANT) -> None:
        """Delete all groups of a tenant. Raises StoreFailure."""
        async with self._changing:
            await self._keeping.wipe(tenant)
            gone = self._groups.pop(tenant, {})
            self._exposed.pop(tenant, None)
            self._recount()
            labels = [one for group in gone.values() for one in self._samples(group).labels]
            await self._write(stale_batch(tenant, self._sink, labels, self._clock.now_ms()))

    async def run(self) -> None:
        """Sample all groups at every interval."""
        while True:
            now_ms = self._clock.now_ms()
            await asyncio.sleep((self.interval_ms - now_ms % self.interval_ms) / 1000)
            await self.sample()

    async def sample(self) -> None:
        """Write all groups' samples of now; what cannot be written now is written again next time."""
        now_ms = self._clock.now_ms()
        # All at once, so that the store commits them together.
        batches = [
            self._samples(group).batch(tenant, self._sink, now_ms, first=False)
            for tenant, groups in self._groups.items()
            for group in groups.values()
        ]
        await asyncio.gather(*(self._write(batch) for batch in batches))

    async def _push(self, tenant: str, labels: dict[str, str], families: dict[str, Any], *, replace: bool) -> None:
        key, now_ms = key_of(labels), self._clock.now_ms()
        # These two are ours to say.
        families = {name: family for name, family in families.items() if name not in _HELP}
        for family in families.values():
            normalize(family, labels)
        async with self._changing:
            old = self._groups.get(tenant, {}).get(key)
            before = {} if old is None else old.families
            kept = {name: family for name, family in before.items() if not replace or name in _HELP}
            try:
                self._exposed.setdefault(tenant, Exposed()).check(key, families, kept)
                new = self._changed(labels, old, {**kept, **families, PUSHED: _gauge(PUSHED, labels, now_ms)}, now_ms)
                new.samples = samples_of(list(new.families.values()))
            except Inconsistent:
                await self._put(tenant, key, self._failed(labels, old, now_ms), now_ms)
                raise
            await self._put(tenant, key, new, now_ms)

    def _changed(self, labels: dict[str, str], old: Group | None, families: dict[str, Any], now_ms: int) -> Group:
        for name in (PUSHED, FAILED):
            families.setdefault(name, _gauge(name, labels, 0))
        times = {} if old is None else old.pushed_ms
        before = {} if old is None else old.families
        pushed = {name: times[name] if before.get(name) is family else now_ms for name, family in families.items()}
        return Group(labels, families, pushed)

    def _failed(self, labels: dict[str, str], old: Group | None, now_ms: int) -> Group:
        before = {} if old is None else old.families
        return self._changed(labels, old, {**before, FAILED: _gauge(FAILED, labels, now_ms)}, now_ms)

    async def _put(self, tenant: str, key: str, new: Group, now_ms: int) -> None:
        """Keep the group as it is now, and sample it; series that it has no longer go stale."""
        rows = [
            Kept(tenant, key, name, family.SerializeToString(), new.pushed_ms[name])
            for name, family in new.families.items()
        ]
        await self._keeping.replace(tenant, key, rows)
        old = self._groups.setdefault(tenant, {}).get(key)
        exposed = self._exposed.setdefault(tenant, Exposed())
        for family in old.families.values() if old else ():
            exposed.remove(key, family)
        for family in new.families.values():
            exposed.add(key, family)
        self._groups[tenant][key] = new
        self._recount()
        gone = set(self._samples(old).labels) - set(self._samples(new).labels) if old else set[Labels]()
        await self._write(self._samples(new).batch(tenant, self._sink, now_ms, first=True))
        await self._write(stale_batch(tenant, self._sink, sorted(gone), now_ms))

    async def _delete(self, tenant: str, key: str) -> None:
        async with self._changing:
            group = self._groups.get(tenant, {}).get(key)
            if group is None:
                return
            await self._keeping.replace(tenant, key, [])
            del self._groups[tenant][key]
            for family in group.families.values():
                self._exposed[tenant].remove(key, family)
            self._recount()
            labels = self._samples(group).labels
            await self._write(stale_batch(tenant, self._sink, labels, self._clock.now_ms()))

    def _samples(self, group: Group) -> Samples:
        if group.samples is None:
            group.samples = samples_of(list(group.families.values()))
        return group.samples

    async def _write(self, batch: SampleBatch) -> None:
        if not batch.refs.size:
            return
        try:
            await self._sink.append(batch)
        except StoreFailure as failure:
            logger.warning("pushed groups could not be sampled, the next interval tries again: %s", failure)

    def _recount(self) -> None:
        self._count.set(sum(len(groups) for groups in self._groups.values()))


def _gauge(name: str, labels: Mapping[str, str], at_ms: int) -> Any:
    family = metric_family()(name=name.encode(), help=_HELP[name].encode(), type=GAUGE)
    family.metric.add().gauge.value = at_ms / 1000
    normalize(family, labels)
    return family


def _value(family: Any) -> float:
    return 0.0 if family is None else family.metric[0].gauge.value
