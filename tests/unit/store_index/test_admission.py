"""Order and duplicates, held against a dictionary that remembers everything."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import STALE_BITS
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index import BOUND, NEVER, NO_WINDOW, UNKNOWN, Admission, SeriesIndex, Verdict

NAN = 0x7FF8000000000001
SAMPLES = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(-5, 12), st.sampled_from([0, 1, 1 << 63, NAN, STALE_BITS]), st.integers(0, 1)
    ),
    max_size=25,
)


@dataclass
class Twin:
    """One series after the other, one sample after the other."""

    newest: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def judge(self, ref: int, t: int, bits: int, kind: int, window: int, latest: int) -> Verdict:
        if t > latest:
            return Verdict.OUT_OF_BOUNDS
        had = self.newest.get(ref)
        if had is None or t > had[0]:
            self.newest[ref] = (t, bits, kind)
            return Verdict.NEWER
        if t == had[0]:
            if (bits, kind) == had[1:]:
                return Verdict.SAME
            if window >= 0:
                return Verdict.DUPLICATE
            self.newest[ref] = (t, bits, kind)
            return Verdict.OLDER
        if window == 0:
            return Verdict.OUT_OF_ORDER
        return Verdict.TOO_OLD if 0 < window < had[0] - t else Verdict.OLDER


def index_of(series: int) -> SeriesIndex:
    index = SeriesIndex(Symbols(), registry=CollectorRegistry())
    index.resolve("t", [Labels({"i": str(i)}) for i in range(series)])
    return index


def columns(samples: list[tuple[int, int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rows = np.array([s[0] for s in samples], dtype=np.int32)
    times = np.array([s[1] * 1000 for s in samples], dtype=np.int64)
    bits = np.array([s[2] for s in samples], dtype=np.uint64)
    return rows, times, bits, np.array([s[3] for s in samples], dtype=np.uint8)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.lists(SAMPLES, min_size=1, max_size=3), st.booleans()), max_size=5),
    st.sampled_from([0, 1000, 3000, NO_WINDOW]),
    st.sampled_from([8000, 1 << 60]),
)
def test_verdicts_agree_with_the_twin_whatever_is_rolled_back(
    commits: list[tuple[list[list[tuple[int, int, int, int]]], bool]], window: int, latest: int
) -> None:
    index = index_of(4)
    admission, twin = Admission(index), Twin()
    for batches, stored in commits:
        plan, before = admission.begin(), dict(twin.newest)
        for batch in batches:
            refs, times, bits, kinds = columns(batch)
            verdicts = plan.admit(refs, times, bits, kinds=kinds, window_ms=window, latest_ms=latest)
            expected = [twin.judge(r, t * 1000, b, k, window, latest) for r, t, b, k in batch]
            assert verdicts.tolist() == expected
        if stored:
            plan.confirm()
        else:
            plan.rollback()
            twin.newest = before
        ms, bits, kinds = index.newest(np.arange(4, dtype=np.int32))
        for ref in range(4):
            assert (int(ms[ref]), int(bits[ref]), int(kinds[ref])) == twin.newest.get(ref, (NEVER, 0, 0))


def test_a_retry_after_a_failed_commit_is_new_again() -> None:
    admission = Admission(index_of(1))
    refs, times, bits = np.zeros(1, dtype=np.int32), np.array([5]), np.ones(1, dtype=np.uint64)
    plan = admission.begin()
    assert plan.admit(refs, times, bits).tolist() == [Verdict.NEWER]
    plan.rollback()
    plan = admission.begin()
    assert plan.admit(refs, times, bits).tolist() == [Verdict.NEWER]
    plan.confirm()
    assert admission.begin().admit(refs, times, bits).tolist() == [Verdict.SAME]


def test_one_commit_is_judged_at_a_time() -> None:
    admission = Admission(index_of(1))
    plan = admission.begin()
    with pytest.raises(RuntimeError, match="neither confirmed nor rolled back"):
        admission.begin()
    plan.confirm()
    with pytest.raises(RuntimeError, match="ended already"):
        plan.rollback()


def test_a_series_of_the_store_may_be_rewritten_until_its_newest_sample_is_recalled() -> None:
    index = SeriesIndex(Symbols(), registry=CollectorRegistry())
    name, value = index.symbols.intern("i"), index.symbols.intern("0")
    pair = np.array([name], dtype=np.int32), np.array([value], dtype=np.int32)
    refs = index.load("t", np.array([7], dtype=np.uint64), np.array([0, 1]), *pair)
    assert index.newest(refs)[0].tolist() == [UNKNOWN]
    admission, bits = Admission(index), np.ones(1, dtype=np.uint64)
    plan = admission.begin()
    assert plan.admit(refs, np.array([5]), bits).tolist() == [Verdict.OLDER]
    plan.rollback()
    index.recall(refs, np.array([9]), bits)
    plan = admission.begin()
    assert plan.admit(refs, np.array([9]), bits).tolist() == [Verdict.SAME]
    assert plan.admit(refs, np.array([9]), bits + np.uint64(1)).tolist() == [Verdict.DUPLICATE]


def test_up_to_a_bound_nothing_is_refused() -> None:
    index, ones = index_of(1), np.ones(4, dtype=np.uint64)
    refs = np.zeros(1, dtype=np.int32)
    hour = 3_600_000
    index.recall(refs, np.array([9 * hour]), ones[:1], kinds=np.array([BOUND], dtype=np.uint8))
    times = np.array([5 * hour, 9 * hour, 5 * hour, 9 * hour])
    verdicts = Admission(index).begin().admit(np.zeros(4, dtype=np.int32), times, ones, window_ms=hour)
    assert verdicts.tolist() == [Verdict.OLDER, Verdict.OLDER, Verdict.TOO_OLD, Verdict.SAME]
