"""A store, a clock and rules for each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import SampleBatch
from watchkeeper.query.promql import Engine
from watchkeeper.rules import GroupDefaults, RuleGroup, read_rule_text
from watchkeeper.rules.alerting import Surroundings
from watchkeeper.rules.group import House, RunningGroup
from watchkeeper.rules.metrics import RuleMetrics
from watchkeeper.store import FREE, Policy, Store, StoreOptions, Target

T0 = 1_763_700_000_000
"""A day in November 2025, when every test of this folder begins."""


class Clock:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.ms = T0

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1000


class Sink:
    """Keeps every alert that is sent."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    async def send(self, alerts: Sequence[Alert]) -> None:
        self.alerts.extend(alerts)

    def take(self) -> list[Alert]:
        """What was sent since the last time."""
        taken, self.alerts = self.alerts, []
        return taken


class Workshop:
    """A store with a clock, samples by hand, and rounds at chosen instants."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.sink = Sink()
        self.registry = CollectorRegistry()
        self.engine = Engine(store)
        self.threads = ThreadPoolExecutor(2)
        self.around = Surroundings(Labels({"cluster": "test"}), "http://watch.example")
        self.metrics = RuleMetrics(self.registry)

    @property
    def house(self) -> House:
        """What groups work with."""
        return House(self.store, self.engine, self.sink, self.clock, self.metrics, self.threads, self.around)

    def read(self, text: str) -> tuple[RuleGroup, ...]:
        """The groups of a rule file."""
        return read_rule_text(text, "rules.yml", GroupDefaults(60_000))

    def group(self, text: str, *, restored: bool = True) -> RunningGroup:
        """The one group of a rule file, ready to run."""
        (group,) = self.read(text)
        return RunningGroup(group, self.house, restored=restored)

    async def put(
        self, series: Mapping[str, str] | str, value: float, at_s: float = 0, tenant: str = "default"
    ) -> None:
        """Store one sample."""
        labels = Labels({"__name__": series} if isinstance(series, str) else series)
        refs = self.store.resolve(tenant, [labels])
        batch = SampleBatch(tenant, refs, np.array([T0 + round(at_s * 1000)]), np.array([value], dtype=np.float64))
        outcome = await self.store.append(batch)
        assert not outcome.refused, outcome

    async def evaluate(self, group: RunningGroup, at_s: float) -> None:
        """One round, so many seconds after the beginning."""
        self.clock.ms = T0 + round(at_s * 1000)
        await group.evaluate(self.clock.ms)

    def ask(self, query: str, at_s: float, tenant: str = "default") -> dict[Labels, float]:
        """The answer to a query as of that many seconds."""
        result = self.engine.instant(query, T0 + round(at_s * 1000), tenant=tenant)
        return {result.frame.labels(row): float(result.values[row, 0]) for row in range(len(result))}


@asynccontextmanager
async def open_workshop(target: Target, policy: Policy) -> AsyncGenerator[Workshop]:
    clock = Clock()
    store = Store(target, clock, CollectorRegistry(), StoreOptions(policy_of=lambda _tenant: policy))
    await store.open()
    made = Workshop(store, clock)
    yield made
    made.engine.close()
    made.threads.shutdown()
    await store.close()


@pytest.fixture
async def workshop(target: Target) -> AsyncIterator[Workshop]:
    """A workshop on a database of its own, whose store takes samples in every order."""
    async with open_workshop(target, FREE) as made:
        yield made


@pytest.fixture
async def strict_workshop(target: Target) -> AsyncIterator[Workshop]:
    """A workshop whose store takes samples as a server's does."""
    async with open_workshop(target, Policy()) as made:
        yield made


@pytest.fixture
def labels_of() -> Callable[..., Labels]:
    """Labels by keyword, the metric's name first."""

    def make(metric: str = "", **labels: str) -> Labels:
        return Labels({"__name__": metric, **labels})

    return make
