"""From the wire into the real store and out again."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry

from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import STALE, STALE_BITS, MetricMetadata, Selection, SeriesBlock
from watchkeeper.receive.remote_write import RemoteWrite
from watchkeeper.store import Store

from .conftest import NOW
from .wire import V1, V2, Line, packed, request_v1, request_v2

EXPONENTIAL: dict[str, Any] = {
    "count_int": 7,
    "sum": 12.5,
    "schema": 1,
    "zero_threshold": 0.001,
    "zero_count_int": 1,
    "positive_spans": [(0, 2), (1, 1)],
    "positive_deltas": [2, -1, 1],
    "negative_spans": [(-1, 1)],
    "negative_deltas": [1],
    "timestamp": NOW,
}
CUSTOM: dict[str, Any] = {
    "count_float": 3.5,
    "sum": 4.0,
    "schema": -53,
    "positive_spans": [(0, 3)],
    "positive_counts": [1.0, 0.5, 2.0],
    "custom_values": [0.1, 1.0],
    "timestamp": NOW,
}


async def select(store: Store, metric: str) -> SeriesBlock:
    matcher = Matcher("__name__", MatchOp.EQUAL, metric)
    return await asyncio.to_thread(store.select, Selection("default", (matcher,), NOW - 3_600_000, NOW + 3_600_000))


def receiver_of(store: Store) -> RemoteWrite:
    return RemoteWrite(store, CollectorRegistry())


async def test_floats_and_staleness_come_back(store: Store) -> None:
    receiver = receiver_of(store)
    lines = [
        Line([("__name__", "m"), ("job", "a")], [(NOW - 2000, 1.5), (NOW - 1000, 2.5)]),
        Line([("__name__", "m"), ("job", "b")], [(NOW - 1000, float(STALE))]),
    ]
    assert (await receiver.receive(packed(request_v1(lines)), V1)).status == 204
    block = await select(store, "m")
    assert {block.frame.labels(i) for i in range(2)} == {
        Labels({"__name__": "m", "job": "a"}),
        Labels({"__name__": "m", "job": "b"}),
    }
    assert sorted(block.values.view(np.uint64).tolist()) == sorted(
        [STALE_BITS, *np.array([1.5, 2.5]).view(np.uint64).tolist()]
    )


async def test_a_partial_write_stores_the_rest_and_names_the_offenders(store: Store) -> None:
    receiver = receiver_of(store)
    good = Line([("__name__", "m"), ("job", "a")], [(NOW, 1.0)])
    assert (await receiver.receive(packed(request_v2([good])), V2)).status == 204
    lines = [
        Line([("__name__", "m"), ("job", "a")], [(NOW, 2.0)]),
        Line([("job", "nameless")], [(NOW, 1.0)]),
        Line([("__name__", "m"), ("x", "1"), ("x", "2")], [(NOW, 1.0)]),
        Line([("__name__", "m"), ("bad", b"\xff")], [(NOW, 1.0)]),
        Line([("z", "last"), ("__name__", "m"), ("gone", "")], [(NOW, 1.0)]),
        Line([("__name__", "h")], histograms=[{**EXPONENTIAL, "count_int": 2}]),
        Line([("__name__", "h")], histograms=[EXPONENTIAL]),
    ]
    outcome = await receiver.receive(packed(request_v2(lines)), V2)
    assert outcome.status == 400
    assert 'got {job="nameless"}' in outcome.text
    assert 'labels {__name__="m", x="1", x="2"}, duplicated label x' in outcome.text
    assert "\\udcff" in outcome.text
    assert "histogram's observation count" in outcome.text
    assert "duplicate sample for timestamp" in outcome.text
    assert outcome.headers["X-Prometheus-Remote-Write-Samples-Written"] == "1"
    assert outcome.headers["X-Prometheus-Remote-Write-Histograms-Written"] == "1"
    block = await select(store, "m")
    assert {block.frame.labels(i) for i in range(len(block))} == {
        Labels({"__name__": "m", "job": "a"}),
        Labels({"__name__": "m", "z": "last"}),
    }


async def test_series_beyond_a_limit_are_refused_and_the_others_go_on(store: Store) -> None:
    receiver = receiver_of(store)
    lines = [Line([("__name__", "m"), ("i", str(i))], [(NOW, 1.0)]) for i in range(6)]
    for step in range(2):
        for line in lines:
            line.samples = [(NOW + step, 1.0)]
        outcome = await receiver.receive(packed(request_v2(lines)), V2)
        assert outcome.status == 400 and "the tenant's limits refuse the new series" in outcome.text
        assert outcome.headers["X-Prometheus-Remote-Write-Samples-Written"] == "4"
    assert (await select(store, "m")).offsets.tolist() == [0, 2, 4, 6, 8]


async def test_out_of_order_and_too_old_samples_have_prometheus_words(store: Store) -> None:
    receiver = receiver_of(store)

    async def send(ms: int, value: float = 1.0) -> str:
        outcome = await receiver.receive(packed(request_v1([Line([("__name__", "m")], [(ms, value)])])), V1)
        assert (outcome.status == 204) == (outcome.text == "")
        return outcome.text

    assert await send(NOW) == ""
    assert await send(NOW) == "", "the same sample again is no offence"
    assert "duplicate sample for timestamp" in await send(NOW, 2.0)
    assert await send(NOW - 1_800_000) == "", "half an hour is inside the window"
    assert "too old sample" in await send(NOW - 7_200_000)
    assert "out of bounds" in await send(NOW + 3_600_000)


async def test_histograms_exemplars_starts_and_metadata_come_back(store: Store) -> None:
    for version, headers in ((1, V1), (2, V2)):
        receiver = receiver_of(store)
        name = f"v{version}"
        lines = [
            Line([("__name__", name), ("kind", "exponential")], histograms=[EXPONENTIAL], metadata=(3, "Help.", "s")),
            Line([("__name__", name), ("kind", "custom")], histograms=[CUSTOM]),
            Line([("__name__", name), ("kind", "gone")], histograms=[{"sum": float(STALE), "timestamp": NOW}]),
            Line(
                [("__name__", f"{name}_total")],
                [(NOW, 5.0)],
                exemplars=[([("trace_id", "abc")], 0.5, NOW - 5), ([("long", "x" * 200)], 0.5, NOW)],
                metadata=(1, "Counts.", ""),
                created=NOW - 60_000,
            ),
        ]
        metadata = [(3, name, "Help.", "s"), (1, f"{name}_total", "Counts.", "")]
        body = request_v1(lines, metadata) if version == 1 else request_v2(lines)
        outcome = await receiver.receive(packed(body), headers)
        assert outcome.status == 204, outcome
        block = await select(store, name)
        assert block.histogram_at is not None
        rows = {block.frame.labels(i)["kind"]: int(block.histogram_at[block.offsets[i]]) for i in range(3)}
        exponential, custom = block.histograms[rows["exponential"]], block.histograms[rows["custom"]]
        assert (exponential.schema, exponential.count, exponential.sum) == (1, 7.0, 12.5)
        assert exponential.positive.index.tolist() == [0, 1, 3]
        assert exponential.positive.count.tolist() == [2.0, 1.0, 2.0]
        assert exponential.negative.count.tolist() == [1.0]
        assert custom.custom_values == (0.1, 1.0) and custom.positive.count.tolist() == [1.0, 0.5, 2.0]
        assert rows["gone"] == -1 and STALE_BITS in block.values.view(np.uint64).tolist()
        block = await select(store, f"{name}_total")
        if version == 2:
            assert block.starts is not None and block.starts.tolist() == [NOW - 60_000]
            assert outcome.headers["X-Prometheus-Remote-Write-Histograms-Written"] == "3"
            assert outcome.headers["X-Prometheus-Remote-Write-Exemplars-Written"] == "1"
        told = await asyncio.to_thread(store.metadata, "default")
        assert list(told[name]) == [MetricMetadata(name, "histogram", "Help.", "s")]
        assert list(told[f"{name}_total"]) == [MetricMetadata(f"{name}_total", "counter", "Counts.")]
