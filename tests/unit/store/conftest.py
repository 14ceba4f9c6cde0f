"""Stores with a log and without, and what they are written with and read by."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import SampleBatch, Selection, SeriesBlock
from watchkeeper.store import FREE, LogOptions, Store, StoreOptions, Target

NOW = 1_763_700_000_000
"""A day in November 2025, when every test of this folder takes place."""


@pytest.fixture(params=["log", "direct"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> LogOptions | None:
    """Every test is run with a log and without; both ways mean the same."""
    return LogOptions(tmp_path / "log") if request.param == "log" else None


@pytest.fixture
def opened(target: Target, clock: Clock, log: LogOptions | None) -> Callable[..., Any]:
    """Opens the test's store; a second opening is a restart."""

    @asynccontextmanager
    async def open_store(options: StoreOptions | None = None) -> AsyncGenerator[Store, None]:
        options = options or StoreOptions()
        options = replace(options, log=options.log or log)
        store = Store(target, clock, CollectorRegistry(), options)
        await store.open()
        try:
            yield store
        finally:
            await store.close()

    return open_store


@pytest.fixture
async def store(opened: Callable[..., Any]) -> AsyncIterator[Store]:
    async with opened() as store:
        yield store


@pytest.fixture
async def free_store(opened: Callable[..., Any]) -> AsyncIterator[Store]:
    """A store that takes samples in every order."""
    async with opened(StoreOptions(policy_of=lambda _tenant: FREE)) as store:
        yield store


@pytest.fixture
def batch_of() -> Callable[..., SampleBatch]:
    """Makes a batch of (labels, ms, value) for a store."""

    def make(store: Store, *samples: tuple[dict[str, str], int, float], tenant: str = "default") -> SampleBatch:
        refs = store.resolve(tenant, [Labels(labels) for labels, _, _ in samples])
        times = np.array([ms for _, ms, _ in samples], dtype=np.int64)
        return SampleBatch(tenant, refs, times, np.array([value for _, _, value in samples], dtype=np.float64))

    return make


@pytest.fixture
def named() -> Callable[..., Selection]:
    """Selects a metric by name, by default over the last hour."""

    def make(metric: str, start: int = NOW - 3_600_000, end: int = NOW, tenant: str = "default") -> Selection:
        return Selection(tenant, (Matcher("__name__", MatchOp.EQUAL, metric),), start, end)

    return make


@pytest.fixture
def plain() -> Callable[[SeriesBlock], dict[Labels, list[tuple[int, float]]]]:
    """A block as a dictionary of lists: the slow, obvious form."""

    def show(block: SeriesBlock) -> dict[Labels, list[tuple[int, float]]]:
        edges = block.offsets.tolist()
        return {
            block.frame.labels(i): list(zip(block.timestamps[a:b].tolist(), block.values[a:b].tolist(), strict=True))
            for i, (a, b) in enumerate(itertools.pairwise(edges))
        }

    return show
