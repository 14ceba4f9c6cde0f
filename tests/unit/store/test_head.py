"""The newest samples in memory, held against a dictionary that forgets nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from watchkeeper.kernels.head import CHUNK
from watchkeeper.model.histogram import Histogram
from watchkeeper.store.gathered import Gathered
from watchkeeper.store.head import Head
from watchkeeper.store.head_histograms import HeadHistograms
from watchkeeper.store.native import Coded

SERIES = 6
TIMES = st.integers(-20, 60)
Row = tuple[int, int, float, int]


def gathered(rows: list[Row]) -> Gathered:
    refs = np.array([row[0] for row in rows], dtype=np.int32)
    return Gathered(
        Coded(["t"], np.zeros(refs.size, dtype=np.int32)),
        refs,
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.float64),
        np.array([row[3] for row in rows], dtype=np.int64),
        np.full(refs.size, -1, dtype=np.int32),
        [],
    )


class HeadMachine(RuleBasedStateMachine):
    """Few chunks and few series, so that samples leave, the ring grows, and becomes small again."""

    def __init__(self) -> None:
        super().__init__()
        self.head = Head(budget_bytes=64 * 80, recent_s=150.0, first_bytes=16 * 80)
        self.now_s, self.pause_s = 0.0, 1.0
        self.written: dict[tuple[int, int], tuple[float, int]] = {}
        self.unflushed: list[dict[tuple[int, int], tuple[float, int]]] = [{}]
        self.flushed_to = -1

    @initialize(known=st.integers(0, 3), since=TIMES)
    def begin(self, known: int, since: int) -> None:
        self.head.begin(np.full(known, since, dtype=np.int64), np.zeros(0, dtype=np.intp))

    @rule(
        rows=st.lists(
            st.tuples(st.integers(0, SERIES - 1), TIMES, st.floats(-9, 9), st.sampled_from([0, 0, 0, 5])),
            max_size=120,
        ),
        rising=st.booleans(),
    )
    def append(self, rows: list[Row], rising: bool) -> None:
        if rising:
            rows = sorted(rows, key=lambda row: row[1])
        self.head.append(gathered(rows), len(self.unflushed) - 1)
        for ref, at, value, start in rows:
            self.written[ref, at] = self.unflushed[-1][ref, at] = (value, start)

    @rule()
    def seal(self) -> None:
        self.unflushed.append({})

    @rule(pause_s=st.sampled_from([1.0, 100.0]))
    def wait(self, pause_s: float) -> None:
        self.pause_s = pause_s

    @rule()
    def flush(self) -> None:
        self.flushed_to = len(self.unflushed) - 1
        self.now_s += self.pause_s
        self.head.flushed(self.flushed_to, self.now_s)
        self.unflushed.append({})

    @rule(refs=st.lists(st.integers(0, SERIES - 1), min_size=1, max_size=2, unique=True))
    def forget(self, refs: list[int]) -> None:
        self.flush()
        self.head.forget(np.array(refs, dtype=np.int32))
        for ref in refs:
            for at in range(-20, 61):
                since = self.head.read(np.array([ref], np.int32), np.array([ref], np.uint64), at, at).since
                assert since > at or (ref, at) not in self.written
        self.written = {key: row for key, row in self.written.items() if key[0] not in refs}

    @invariant()
    def reads_are_what_was_written(self) -> None:
        refs = np.arange(SERIES, dtype=np.int32)
        for start, end in ((-20, 60), (0, 30), (59, 60)):
            recent = self.head.read(refs, refs.astype(np.uint64), start, end)
            found = recent.fetched
            waiting = {key for lot in self.unflushed[self.flushed_to + 1 :] for key in lot}
            for ref in range(SERIES):
                a, b = int(found.begins[ref]), int(found.ends[ref])
                times = found.timestamps[a:b].tolist()
                assert times == sorted(set(times))
                starts = [0] * (b - a) if found.starts is None else found.starts[a:b].tolist()
                here = dict(zip(times, zip(found.values[a:b].tolist(), starts, strict=True), strict=True))
                mine = {at: row for (one, at), row in self.written.items() if one == ref and start <= at <= end}
                # What is here is right, and of what is complete or not flushed nothing is missing.
                assert here.items() <= mine.items()
                assert {at for at in mine if at >= recent.since or (ref, at) in waiting} <= here.keys()


TestHead = HeadMachine.TestCase
TestHead.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


def test_a_ring_that_had_to_grow_keeps_what_the_budget_allows() -> None:
    head = Head(budget_bytes=16 * 80)
    refs, ids = np.array([0], dtype=np.int32), np.array([7], dtype=np.uint64)
    head.append(gathered([(0, at, float(at), 0) for at in range(1000)]), 0)
    assert head.read(refs, ids, 0, 999).fetched.timestamps.tolist() == list(range(1000))
    head.flushed(0, 0.0)
    recent = head.read(refs, ids, 0, 999)
    kept = recent.fetched.timestamps.tolist()
    assert 0 < len(kept) <= 16 * CHUNK
    assert kept == list(range(recent.since, 1000))


def test_what_is_recent_stays_while_the_budget_has_room_and_what_is_not_makes_room() -> None:
    head = Head(budget_bytes=64 * 80, recent_s=100.0, first_bytes=16 * 80)
    refs, ids = np.array([0], dtype=np.int32), np.array([7], dtype=np.uint64)

    def kept_after(epoch: int, at_s: float) -> int:
        times = range(epoch * 64, (epoch + 1) * 64)
        head.append(gathered([(0, at, float(at), 0) for at in times]), epoch)
        head.flushed(epoch, at_s)
        return head.read(refs, ids, 0, 10_000).fetched.timestamps.size

    assert kept_after(0, 0.0) == 64
    head.flushed(1, 200.0)
    assert kept_after(2, 210.0) == 64
    assert [kept_after(epoch, 220.0) for epoch in (3, 4, 5)] == [128, 192, 256]
    assert kept_after(6, 230.0) == 256


@pytest.mark.parametrize("flushed", [True, False])
def test_histograms_go_only_after_they_were_flushed(flushed: bool) -> None:
    head = HeadHistograms(most=3)
    refs, ids = np.array([4], dtype=np.int32), np.array([9], dtype=np.uint64)
    for at in range(6):
        head.add(4, at, 0, Histogram(0, float(at), 0.0), epoch=0)
    head.add(4, 2, 0, Histogram(0, 20.0, 0.0), epoch=1)
    if flushed:
        head.flushed(0)
    found, since = head.read(refs, ids, [0], 0, 10)
    counts = [histogram.count for histogram in found.histograms]
    if flushed:
        assert since > 0
        assert 20.0 in counts
        assert {at for at in range(6) if at >= since} <= set(found.timestamps.tolist())
        assert head.read(refs, ids, [0], since, 10)[1] <= since
    else:
        assert counts == [0, 1, 20, 3, 4, 5]
    head.flushed(1)
    head.forget([4])
    found, since = head.read(refs, ids, [0], 0, 10)
    assert (found.timestamps.size, since) == (0, 6)
