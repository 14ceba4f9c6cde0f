"""Label sets become series, once each, within the limits."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from watchkeeper.model.labels import Labels
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index import LabelColumns, Limits, SeriesIndex, Spans

NAMES = st.sampled_from(["__name__", "job", "pod", "le", "ä"])
VALUES = st.sampled_from(["", "a", "b", "c", "ab", "x" * 30, "\xff"])
LABELS = st.dictionaries(NAMES, VALUES).map(Labels)
BATCHES = st.lists(st.tuples(st.sampled_from(["t", "u"]), st.lists(LABELS, max_size=30)), max_size=6)


def fresh(id_bits: int = 44) -> SeriesIndex:
    return SeriesIndex(Symbols(), registry=CollectorRegistry(), id_bits=id_bits)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["t", "u"]), st.lists(LABELS, max_size=30)), max_size=6),
    st.sampled_from([44, 14, 13]),
)
def test_each_label_set_of_a_tenant_has_one_ref_and_one_id(
    batches: list[tuple[str, list[Labels]]], id_bits: int
) -> None:
    index = fresh(id_bits)
    refs: dict[tuple[str, Labels], int] = {}
    for tenant, labels in batches:
        for one, ref in zip(labels, index.resolve(tenant, labels).tolist(), strict=True):
            if not one:
                assert ref == -1
                continue
            assert refs.setdefault((tenant, one), ref) == ref
    every = np.array(list(refs.values()), dtype=np.int32)
    assert sorted(every.tolist()) == list(range(len(refs))) and len(index) == len(refs)
    assert np.unique(index.ids(every)).size == every.size
    frame = index.frame(every)
    assert [frame.labels(row) for row in range(len(frame))] == [labels for _, labels in refs]
    assert (index.refs_of(index.ids(every)) == every).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(LABELS.filter(bool), max_size=20))
def test_label_sets_as_bytes_are_the_same_label_sets(labels: list[Labels]) -> None:
    pairs = [pair for one in labels for pair in one.pairs]
    spans: list[Spans] = []
    for side in (0, 1):
        texts = [pair[side].encode() for pair in pairs]
        lengths = np.array([len(text) for text in texts], dtype=np.int32)
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        spans.append(Spans(np.frombuffer(b"".join(texts) + b"\0", dtype=np.uint8), starts, lengths))
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in labels])]).astype(np.int64)
    columns = LabelColumns.of_spans(offsets, spans[0], spans[1])
    assert [columns.labels(row) for row in range(len(columns))] == labels
    index = fresh()
    assert (index.resolve("t", labels) == index.resolve_columns("t", columns)).all()


def test_a_metrics_series_lie_together_and_ids_are_the_same_in_every_process() -> None:
    labels = [Labels({"__name__": f"m{i % 3}", "i": str(i)}) for i in range(30)]
    one, other = fresh(), fresh()
    first = one.ids(one.resolve("t", labels))
    second = other.ids(other.resolve("t", labels[::-1]))[::-1]
    assert (first == second).all()
    assert np.unique(first >> np.uint64(44)).size == 3


def test_new_series_are_handed_out_once_until_put_back(index: SeriesIndex) -> None:
    index.resolve("t", [Labels({"a": "1"}), Labels({"a": "1", "b": "2"})])
    index.resolve("u", [Labels({"a": "1"})])
    index.resolve("t", [Labels({"a": "1"}), Labels({"c": "3"})])
    taken = index.take_pending()
    assert index.take_pending() == []
    index.put_back(taken)
    again = {part.tenant: part for part in index.take_pending()}
    part, strings = again["t"], index.symbols.strings
    assert part.refs.tolist() == [0, 1, 3] and again["u"].refs.tolist() == [2]
    assert part.offsets.tolist() == [0, 1, 3, 4]
    assert [(strings[n], strings[v]) for n, v in zip(part.names, part.values, strict=True)] == [
        ("a", "1"),
        ("a", "1"),
        ("b", "2"),
        ("c", "3"),
    ]
    assert (part.ids == index.ids(part.refs)).all()


def test_series_of_the_store_come_back_under_their_ids(index: SeriesIndex) -> None:
    labels = [Labels({"__name__": "m", "i": str(i)}) for i in range(40)]
    columns = LabelColumns.of(labels)
    codes = columns.codes(index.symbols).astype(np.int32)
    ids = np.arange(1000, 1040, dtype=np.uint64)
    refs = index.load("t", ids, columns.offsets, codes[columns.names], codes[columns.values])
    assert index.ids(refs).tolist() == ids.tolist()
    assert (index.resolve("t", labels) == refs).all()
    assert index.take_pending() == []


def test_a_dropped_series_is_gone_and_comes_back_as_another(index: SeriesIndex) -> None:
    labels = [Labels({"__name__": "m", "i": str(i)}) for i in range(5)]
    refs = index.resolve("t", labels)
    index.drop(refs[1:3])
    index.drop(refs[1:2])
    assert index.generation == 1 and len(index) == 3
    assert index.alive(refs).tolist() == [True, False, False, True, True]
    assert index.find("t", ()).tolist() == sorted([0, 3, 4], key=lambda r: int(index.ids(np.array([r]))[0]))
    assert index.values("t", "i") == ["0", "3", "4"]
    assert index.take_pending()[0].refs.tolist() == [0, 3, 4]
    back = index.resolve("t", labels)
    assert back.tolist() == [0, 5, 6, 3, 4]
    assert [index.frame(back).labels(row) for row in range(5)] == labels
    assert index.take_pending()[0].refs.tolist() == [5, 6]


def test_a_limit_on_series_refuses_new_ones_alone(new_index: Any, caplog: pytest.LogCaptureFixture) -> None:
    registry = CollectorRegistry()
    index = new_index(Limits(series=3), registry=registry)
    labels = [Labels({"__name__": "m", "i": str(i)}) for i in range(5)]
    with caplog.at_level(logging.WARNING):
        first = index.resolve("t", [labels[0], labels[1], labels[1], labels[2], labels[3], labels[4]], 1000)
        assert index.resolve("t", labels, 2000).tolist() == [0, 1, 2, -1, -1]
    assert first.tolist() == [0, 1, 1, 2, -1, -1]
    assert index.resolve("u", labels[:1]).tolist() == [3]
    assert [(r.metric, r.reason, r.count) for r in index.refusals()] == [("m", "series", 4)]
    assert registry.get_sample_value("watchkeeper_series_refused_total", {"tenant": "t", "reason": "series"}) == 4
    assert len(caplog.records) == 1 and "metric m" in caplog.text
    assert index.symbols.get("4") is None, "what is refused must not fill the memory"


def test_a_limit_on_a_metric_leaves_other_metrics_alone(new_index: Any) -> None:
    index = new_index(Limits(series_per_metric=2))
    labels = [Labels({"__name__": name, "i": str(i)}) for i in range(3) for name in ("m", "n")]
    assert index.resolve("t", labels).tolist() == [0, 1, 2, 3, -1, -1]
    index.drop(np.array([0], dtype=np.int32))
    assert index.resolve("t", labels[4:]).tolist() == [4, -1]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(labels_per_series=2), "labels_per_series"),
        (Limits(label_name_length=8), "label_name_length"),
        (Limits(label_value_length=3), "label_value_length"),
    ],
)
def test_label_sets_that_are_too_large_are_refused(new_index: Any, limits: Limits, reason: str) -> None:
    index = new_index(limits)
    good = Labels({"__name__": "m", "a": "üx"})
    bad = Labels({"__name__": "m", "labelname": "üüüü", "c": "d"})
    assert index.resolve("t", [bad, good]).tolist() == [-1, 0]
    assert [(r.metric, r.reason) for r in index.refusals()] == [("m", reason)]
