"""A store with its log and its head, held against a dictionary, over flushes and restarts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from prometheus_client import CollectorRegistry

from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import SampleBatch, Selection
from watchkeeper.store import FREE, LogOptions, Store, StoreOptions, Target

NOW = 1_763_700_000_000
Make = Callable[..., Any]
SERIES = [Labels({"__name__": "m", "i": str(i)}) for i in range(4)]
TIMES = st.integers(0, 40)
NAMED = (Matcher("__name__", MatchOp.EQUAL, "m"),)


def selection(start: int, end: int) -> Selection:
    return Selection("default", NAMED, NOW + start, NOW + end)


class StoreMachine(RuleBasedStateMachine):
    """A head so small that samples leave it; times so few that they are written again."""

    def __init__(self, loop: asyncio.AbstractEventLoop, target: Target, folder: Path, clock: Any, plain: Make) -> None:
        super().__init__()
        self._loop, self._target, self._clock, self._plain = loop, target, clock, plain
        self._options = StoreOptions(
            policy_of=lambda _tenant: FREE, log=LogOptions(folder, flush_every_s=3600), head_bytes=16 * 80
        )
        self.written: dict[Labels, dict[int, float]] = {}
        self.store = self._opened()

    def _opened(self) -> Store:
        store = Store(self._target, self._clock, CollectorRegistry(), self._options)
        self._loop.run_until_complete(store.open())
        return store

    def teardown(self) -> None:
        self._loop.run_until_complete(self.store.delete_series("default", [()], NOW, NOW + 100))
        self._loop.run_until_complete(self.store.close())

    @rule(
        rows=st.lists(st.tuples(st.integers(0, 3), TIMES, st.integers(-5, 5)), min_size=1, max_size=40),
        rising=st.booleans(),
    )
    def append(self, rows: list[tuple[int, int, int]], rising: bool) -> None:
        if rising:
            rows = sorted(rows, key=lambda row: row[1])
        refs = self.store.resolve("default", [SERIES[i] for i, _, _ in rows])
        times = np.array([NOW + at for _, at, _ in rows])
        values = np.array([value for _, _, value in rows], dtype=np.float64)
        self._loop.run_until_complete(self.store.append(SampleBatch("default", refs, times, values)))
        for i, at, value in rows:
            self.written.setdefault(SERIES[i], {})[NOW + at] = value

    @rule()
    def flush(self) -> None:
        self.store.sql("default", "SELECT 1")

    @rule()
    def restart(self) -> None:
        self._loop.run_until_complete(self.store.close())
        self.store = self._opened()

    @rule(i=st.integers(0, 3), start=TIMES, end=TIMES)
    def delete(self, i: int, start: int, end: int) -> None:
        matchers = (*NAMED, Matcher("i", MatchOp.EQUAL, str(i)))
        deleting = self.store.delete_series("default", [matchers], NOW + start, NOW + end)
        self._loop.run_until_complete(deleting)
        kept = {at: v for at, v in self.written.pop(SERIES[i], {}).items() if not start <= at - NOW <= end}
        if kept:
            self.written[SERIES[i]] = kept

    @invariant()
    def reads_are_what_was_written(self) -> None:
        selections = [selection(*span) for span in ((0, 40), (10, 25), (35, 50))]
        blocks = self.store.select_many(selections)
        for wanted, block in zip(selections, blocks, strict=True):
            expected = {
                labels: sorted((at, v) for at, v in samples.items() if wanted.start <= at <= wanted.end)
                for labels, samples in self.written.items()
            }
            expected = {labels: samples for labels, samples in expected.items() if samples}
            assert self._plain(block) == expected
            last = {labels: samples[-1:] for labels, samples in expected.items()}
            assert self._plain(self.store.latest(wanted)) == last


@pytest.mark.parametrize("log", ["log"], indirect=True)
def test_a_store_with_a_log_is_a_dictionary(
    target: Target, tmp_path: Path, clock: Any, plain: Make, log: LogOptions
) -> None:
    loop = asyncio.new_event_loop()
    numbers = itertools.count()
    run_state_machine_as_test(
        lambda: StoreMachine(loop, target, tmp_path / str(next(numbers)), clock, plain),
        settings=settings(
            max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    loop.close()
