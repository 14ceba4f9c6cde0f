"""Series are found as Prometheus finds them; the twin looks at every label set."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index import Admission, SeriesIndex, reading, warm_up
from watchkeeper.store.index.regex import shape

NAMES = st.sampled_from(["__name__", "job", "pod", "zone"])
VALUES = st.sampled_from(["", "a", "b", "ab", "abc", "x.y", "a|b", "line\nbreak", "ü"])
LABELS = st.dictionaries(NAMES, VALUES).map(Labels).filter(bool)
EXPRESSIONS = st.sampled_from(
    ["", "a", "a|b", "(a|b)", "(?:a|ab)", "a.*", ".*b", ".+", ".*", ".*b.*", "a.+", ".+c", "x\\.y", "x.y", "a\\|b"]
) | st.sampled_from(
    ["|a", "[ab]+", "ab?c?", "(a)|(b)", "(?i)A", "line.break", "a{0,1}", "ab*", ".+b.*", ".*.*", "ü", "a||b", "()"]
)
MATCHERS = st.one_of(
    st.builds(Matcher, NAMES, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]), VALUES),
    st.builds(Matcher, NAMES, st.sampled_from([MatchOp.REGEX, MatchOp.NOT_REGEX]), EXPRESSIONS),
)


def fresh() -> SeriesIndex:
    return SeriesIndex(Symbols(), registry=CollectorRegistry())


def naive(series: list[Labels], matchers: list[Matcher]) -> set[Labels]:
    return {one for one in series if all(m.matches(one.get(m.name, "")) for m in matchers)}


def labels_of(index: SeriesIndex, refs: np.ndarray) -> list[Labels]:
    frame = index.frame(refs)
    return [frame.labels(row) for row in range(len(frame))]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(LABELS, max_size=25),
    st.lists(LABELS, max_size=8),
    st.lists(st.lists(MATCHERS, max_size=3), min_size=1, max_size=4),
    st.lists(st.integers(0, 24), max_size=3),
)
def test_find_agrees_with_looking_at_every_label_set(
    early: list[Labels], late: list[Labels], questions: list[list[Matcher]], dropped: list[int]
) -> None:
    index = fresh()
    index.resolve("other", [*late, *early])
    refs = index.resolve("t", early)
    index.rebuild(force=True)
    for matchers in questions:
        assert set(labels_of(index, index.find("t", matchers))) == naive(early, matchers)
    gone = {early[i] for i in dropped if i < len(early)}
    index.drop(np.array([ref for ref, one in zip(refs.tolist(), early, strict=True) if one in gone], dtype=np.int32))
    index.resolve("t", late)
    everything = [one for one in dict.fromkeys([*early, *late]) if one not in gone or one in late]
    for matchers in questions:
        found = index.find("t", matchers)
        assert set(labels_of(index, found)) == naive(everything, matchers)
        ids = index.ids(found)
        assert (ids[1:] > ids[:-1]).all()
    assert set(labels_of(index, index.find_any("t", questions))) == set().union(
        *(naive(everything, q) for q in questions)
    )
    assert index.names("t") == sorted({name for one in everything for name in one})
    for name in ("job", "pod", "nothing"):
        assert index.values("t", name) == sorted({one[name] for one in everything if name in one})
        found = index.find("t", questions[0])
        assert index.values("t", name, found) == sorted({o[name] for o in naive(everything, questions[0]) if name in o})


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS | st.text("ab.*+|()\\?", max_size=6), st.text("abx.|", max_size=4))
def test_what_an_expression_looks_like_is_what_it_matches(expression: str, value: str) -> None:
    try:
        matches = Matcher("n", MatchOp.REGEX, expression).matches(value)
    except Exception:
        return
    looks = shape(expression)
    if looks.literals is not None:
        assert matches == (value in looks.literals)
    if looks.test is not None:
        assert matches == looks.test(value)
    if matches:
        assert value.startswith(looks.prefix)


def test_an_expression_learns_values_that_come_later(index: SeriesIndex) -> None:
    matcher = [Matcher("pod", MatchOp.REGEX, "p[0-9]")]
    index.resolve("t", [Labels({"pod": "p1"}), Labels({"pod": "q"})])
    assert index.find("t", matcher).size == 1
    index.resolve("t", [Labels({"pod": "p2"}), Labels({"pod": "p10"})])
    assert {one["pod"] for one in labels_of(index, index.find("t", matcher))} == {"p1", "p2"}


def test_a_range_leaves_out_series_without_a_sample_in_it(index: SeriesIndex) -> None:
    refs = index.resolve("t", [Labels({"i": str(i)}) for i in range(3)])
    plan = Admission(index).begin()
    minute = 60_000
    times = np.array([10 * minute, 12 * minute, 20 * minute], dtype=np.int64)
    plan.admit(refs[[0, 0, 1]], times, np.zeros(3, dtype=np.uint64))
    plan.confirm()

    def found(start: int | None, end: int | None) -> set[int]:
        return set(index.find("t", (), start, end).tolist())

    assert found(None, 9 * minute) == {2}, "a series without any known sample is not judged"
    assert found(11 * minute, 13 * minute) == {0, 2}
    assert found(13 * minute, None) == {1, 2}
    assert found(None, None) == {0, 1, 2}


def test_frames_hold_unlike_series(index: SeriesIndex) -> None:
    labels = [Labels({"a": "1"})] * 100 + [Labels({"b": "2", "c": "3"})]
    refs = index.resolve("t", labels)
    assert labels_of(index, refs) == labels
    assert labels_of(index, refs[:0]) == []


def test_cardinality_names_the_largest(index: SeriesIndex) -> None:
    labels = [Labels({"__name__": "m", "i": str(i)}) for i in range(4)] + [Labels({"__name__": "nn", "i": "0"})]
    refs = index.resolve("t", labels)
    index.resolve("other", labels)
    plan = Admission(index).begin()
    plan.admit(refs[:2], np.array([120_000, 300_500]), np.zeros(2, dtype=np.uint64))
    plan.confirm()
    found = index.cardinality("t", 2)
    assert (found.series, found.label_pairs, found.min_time, found.max_time) == (5, 6, 120_000, 300_500)
    assert [(c.name, c.value) for c in found.series_by_metric] == [("m", 4), ("nn", 1)]
    assert [(c.name, c.value) for c in found.values_by_label] == [("i", 4), ("__name__", 2)]
    assert [(c.name, c.value) for c in found.bytes_by_label] == [("__name__", 6), ("i", 5)]
    assert [(c.name, c.value) for c in found.series_by_pair] == [("__name__=m", 4), ("i=0", 2)]
    assert index.cardinality("nobody").series == 0


def test_readers_see_whole_series_while_others_write(index: SeriesIndex) -> None:
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        matchers = [Matcher("__name__", MatchOp.EQUAL, "m"), Matcher("i", MatchOp.REGEX, ".*7")]
        seen = 0
        while not done.is_set():
            refs = index.find("t", matchers)
            if refs.size < seen:
                wrong.append("series vanished")
            seen = refs.size
            frame = index.frame(refs)
            wrong.extend(str(frame.labels(r)) for r in range(len(frame)) if not frame.labels(r)["i"].endswith("7"))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    for batch in range(30):
        index.resolve("t", [Labels({"__name__": "m", "i": f"{batch}-{i}"}) for i in range(400)])
    done.set()
    for thread in readers:
        thread.join()
    assert wrong == []
    assert index.find("t", [Matcher("i", MatchOp.REGEX, ".*7")]).size == 30 * 40


def test_a_malformed_expression_is_refused_before_the_index_sees_it() -> None:
    with pytest.raises(Exception, match="missing"):
        Matcher("n", MatchOp.REGEX, "(")


def test_postings_of_many_series_are_made_beside_the_queries(
    index: SeriesIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_QUICK", 0)
    index.resolve("t", [Labels({"__name__": "m", "i": str(i)}) for i in range(10_000)])
    matcher = [Matcher("i", MatchOp.REGEX, ".*99")]
    before = index.find("t", matcher)
    for thread in threading.enumerate():
        if thread.name == "postings":
            thread.join()
    assert index.find("t", matcher).tolist() == before.tolist() and before.size == 100


def test_warming_up_leaves_nothing_behind() -> None:
    for _ in range(2):
        for _step in warm_up():
            pass
