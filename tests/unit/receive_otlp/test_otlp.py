"""What OTLP requests become in the store."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import STALE_BITS
from watchkeeper.receive.otlp import OTLP, Translation
from watchkeeper.store import Store, StoreBusy, StoreFull

DELTA, CUMULATIVE = 1, 2
NOW = 1_763_700_000_000
PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
Send = Callable[..., Any]
Make = Callable[..., Any]


async def test_a_gauge_gets_its_unit_and_the_service_as_job(send: Send, request_of: Make, number: Make, stored: Make):
    gauge = number("process.memory", ({"state": "used"}, 0, 5.5), unit="By")
    resource = {"service.namespace": "eu", "service.name": "shop", "service.instance.id": "a-1", "host.name": "h"}
    assert await send(request_of(gauge, resource=resource)) == (0, "")
    assert stored("process_memory_bytes") == {"instance=a-1,job=eu/shop,state=used": [(0, 5.5)]}
    assert stored("target_info") == {"host_name=h,instance=a-1,job=eu/shop": [(0, 1.0)]}


async def test_counters_end_in_total_and_keep_their_start(
    send: Send, request_of: Make, number: Make, stored: Make, store: Store
):
    await send(request_of(number("requests", ({}, 1, 7), temporality=CUMULATIVE, start_s=-60)))
    assert stored("requests_total") == {"job=shop": [(1000, 7.0)]}
    from watchkeeper.model.samples import Selection

    block = store.select(Selection("default", (Matcher("__name__", MatchOp.EQUAL, "requests_total"),), NOW, NOW + 9999))
    assert block.starts is not None
    assert block.starts.tolist() == [NOW - 60_000]
    assert store.metadata("default", "requests_total")["requests_total"][0].help == "about requests"


async def test_negative_zero_and_integers_beyond_float_keep_what_a_float_can(
    send: Send, request_of: Make, number: Make, stored: Make
):
    await send(request_of(number("g", ({"a": "1"}, 0, -0.0), ({"a": "2"}, 0, 2**53 + 1), ({"a": "3"}, 0, math.inf))))
    values = [rows[0][1] for _, rows in sorted(stored("g").items())]
    assert math.copysign(1, values[0]) == -1
    assert values[1:] == [float(2**53 + 1), math.inf]


async def test_a_point_without_a_recorded_value_ends_its_series(
    send: Send, request_of: Make, number: Make, store: Store
):
    metric = number("g", ({}, 0, 1.0))
    metric.gauge.data_points[0].flags = 1
    await send(request_of(metric))
    from watchkeeper.model.samples import Selection

    block = store.select(Selection("default", (Matcher("__name__", MatchOp.EQUAL, "g"),), NOW - 1, NOW + 1))
    assert block.values.view(np.uint64).tolist() == [STALE_BITS]


async def test_delta_sums_become_cumulative_and_a_repetition_is_not_added(
    send: Send, request_of: Make, number: Make, stored: Make
):
    for second, value in [(1, 3), (2, 4), (2, 4), (3, 5)]:
        delta = number("hits", ({}, second, value), temporality=DELTA, start_s=second - 1)
        assert await send(request_of(delta)) == (0, "")
    assert stored("hits_total") == {"job=shop": [(1000, 3.0), (2000, 7.0), (3000, 12.0)]}


async def test_a_delta_that_comes_too_late_is_told_and_left_out(
    send: Send, request_of: Make, number: Make, stored: Make
):
    await send(request_of(number("hits", ({}, 5, 3), temporality=DELTA, start_s=0)))
    rejected, text = await send(request_of(number("hits", ({}, 4, 1), temporality=DELTA, start_s=0)))
    assert rejected == 1
    assert "out of order" in text
    assert stored("hits_total") == {"job=shop": [(5000, 3.0)]}


async def test_a_delta_that_could_not_be_committed_is_added_once_by_its_repetition(
    otlp: OTLP, send: Send, request_of: Make, number: Make, stored: Make, monkeypatch: pytest.MonkeyPatch
):
    await send(request_of(number("hits", ({}, 1, 3), temporality=DELTA, start_s=0)))
    again = request_of(number("hits", ({}, 2, 4), temporality=DELTA, start_s=1))

    async def full(_batch: object) -> None:
        raise StoreFull("no room")

    with monkeypatch.context() as broken:
        broken.setattr(otlp._sink, "append", full)
        outcome = await otlp.receive(again.SerializeToString(), PROTOBUF)
        assert (outcome.status, outcome.headers["Retry-After"]) == (503, "5")
    await send(again)
    assert stored("hits_total") == {"job=shop": [(1000, 3.0), (2000, 7.0)]}


async def test_a_delta_stream_that_was_silent_for_long_begins_anew(
    send: Send, request_of: Make, number: Make, stored: Make, clock: Any
):
    await send(request_of(number("hits", ({}, 1, 3), temporality=DELTA, start_s=0)))
    clock.ms += 301_000
    await send(request_of(number("hits", ({}, 300, 4), temporality=DELTA, start_s=299)))
    assert stored("hits_total") == {"job=shop": [(1000, 3.0), (300_000, 4.0)]}


def explicit(at: Callable[[float], int], counts: list[int], temporality: int, second: float = 0) -> Metric:
    metric = Metric(name="latency", unit="s")
    metric.histogram.aggregation_temporality = temporality
    metric.histogram.data_points.add(
        time_unix_nano=at(second),
        start_time_unix_nano=at(second - 1),
        count=sum(counts),
        sum=1.5,
        bucket_counts=counts,
        explicit_bounds=[0.005, 1, 10],
    )
    return metric


async def test_explicit_histograms_become_classic_ones(send: Send, request_of: Make, stored: Make, at: Make):
    await send(request_of(explicit(at, [1, 0, 2, 4], CUMULATIVE)))
    assert stored("latency_seconds_bucket") == {
        "job=shop,le=+Inf": [(0, 7.0)],
        "job=shop,le=0.005": [(0, 1.0)],
        "job=shop,le=1": [(0, 1.0)],
        "job=shop,le=10": [(0, 3.0)],
    }
    assert stored("latency_seconds_count") == {"job=shop": [(0, 7.0)]}
    assert stored("latency_seconds_sum") == {"job=shop": [(0, 1.5)]}


async def test_delta_histograms_become_cumulative_classic_ones(send: Send, request_of: Make, stored: Make, at: Make):
    for second in (1, 2):
        await send(request_of(explicit(at, [1, 0, 2, 4], DELTA, second)))
    assert stored("latency_seconds_count") == {"job=shop": [(1000, 7.0), (2000, 14.0)]}
    assert stored("latency_seconds_bucket")["job=shop,le=10"] == [(1000, 3.0), (2000, 6.0)]
    assert stored("latency_seconds_sum") == {"job=shop": [(1000, 1.5), (2000, 3.0)]}


async def test_delta_histograms_become_cumulative_native_ones(
    otlp: OTLP, send: Send, request_of: Make, stored: Make, at: Make
):
    otlp.translate_by(Translation(histograms_to_nhcb=True))
    for second in (1, 2):
        await send(request_of(explicit(at, [1, 0, 2, 4], DELTA, second)))
    ((_, first), (_, second)) = stored("latency_seconds")["job=shop"]
    assert isinstance(second, Histogram)
    assert (first.count, second.count, second.custom_values) == (7, 14, (0.005, 1, 10))
    assert (second.positive.index.tolist(), second.positive.count.tolist()) == ([0, 2, 3], [2, 4, 8])


async def test_exponential_histograms_become_native_ones(send: Send, request_of: Make, stored: Make, at: Make):
    metric = Metric(name="size", unit="By")
    metric.exponential_histogram.aggregation_temporality = CUMULATIVE
    point = metric.exponential_histogram.data_points.add(time_unix_nano=at(0), count=10, sum=5.0, scale=9, zero_count=1)
    point.positive.offset = -2
    point.positive.bucket_counts.extend([1, 2, 0, 3])
    point.negative.bucket_counts.extend([3])
    await send(request_of(metric))
    ((_, found),) = stored("size_bytes")["job=shop"]
    assert (found.schema, found.count, found.sum, found.zero_count) == (8, 10, 5.0, 1)
    assert (found.positive.index.tolist(), found.positive.count.tolist()) == ([0, 1], [3, 3])
    assert (found.negative.index.tolist(), found.negative.count.tolist()) == ([1], [3])


async def test_a_histogram_that_contradicts_itself_is_rejected_alone(
    send: Send, request_of: Make, number: Make, stored: Make, at: Make
):
    metric = Metric(name="size")
    metric.exponential_histogram.aggregation_temporality = CUMULATIVE
    metric.exponential_histogram.data_points.add(time_unix_nano=at(0), count=10, zero_count=1)
    rejected, text = await send(request_of(metric, number("g", ({}, 0, 1.0))))
    assert rejected == 1
    assert "observations found in buckets" in text
    assert stored("g") == {"job=shop": [(0, 1.0)]}


async def test_summaries_become_quantiles_count_and_sum(send: Send, request_of: Make, stored: Make, at: Make):
    metric = Metric(name="rpc")
    point = metric.summary.data_points.add(time_unix_nano=at(0), count=4, sum=2.5)
    point.quantile_values.add(quantile=0.5, value=1.0)
    point.quantile_values.add(quantile=1, value=2.0)
    await send(request_of(metric))
    assert stored("rpc") == {"job=shop,quantile=0.5": [(0, 1.0)], "job=shop,quantile=1": [(0, 2.0)]}
    assert stored("rpc_count") == {"job=shop": [(0, 4.0)]}


async def test_exemplars_carry_trace_and_span(send: Send, request_of: Make, number: Make, at: Make, store: Store):
    metric = number("hits", ({}, 1, 3), temporality=CUMULATIVE)
    exemplar = metric.sum.data_points[0].exemplars.add(time_unix_nano=at(0.5), as_double=2.0)
    exemplar.trace_id, exemplar.span_id = bytes(range(16)), bytes(range(8))
    await send(request_of(metric))
    matchers = [[Matcher("__name__", MatchOp.EQUAL, "hits_total")]]
    _, found = store.exemplars("default", matchers, NOW, NOW + 1000)
    assert [(dict(one.labels), one.value, one.timestamp) for one in found] == [
        ({"trace_id": bytes(range(16)).hex(), "span_id": bytes(range(8)).hex()}, 2.0, NOW + 500)
    ]


async def test_json_says_the_same_as_protobuf(
    otlp: OTLP, request_of: Make, number: Make, at: Make, stored: Make, store: Store
):
    metric = number("hits", ({"n": 1.5, "b": True}, 1, 3), temporality=CUMULATIVE)
    metric.sum.data_points[0].exemplars.add(time_unix_nano=at(1), as_int=2)
    tree = json_format.MessageToDict(request_of(metric))
    point = tree["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["sum"]["dataPoints"][0]
    point["exemplars"][0]["traceId"] = "5b8efff798038103d269b633813fc60c"
    point["unknownField"] = {"is": "ignored"}
    outcome = await otlp.receive(gzip.compress(json.dumps(tree).encode()), {**JSON, "content-encoding": "gzip"})
    assert (outcome.status, outcome.body, outcome.media_type) == (200, b"{}", "application/json")
    assert stored("hits_total") == {"b=true,job=shop,n=1.5": [(1000, 3.0)]}
    _, found = store.exemplars("default", [[Matcher("__name__", MatchOp.EQUAL, "hits_total")]], NOW, NOW + 9000)
    assert found[0].labels["trace_id"] == "5b8efff798038103d269b633813fc60c"


async def test_series_beyond_a_limit_are_a_partial_success(send: Send, request_of: Make, number: Make, stored: Make):
    rejected, text = await send(request_of(number("g", *[({"i": i}, 0, 1.0) for i in range(45)])))
    assert rejected == 5
    assert "limits" in text
    assert len(stored("g")) == 40


async def test_samples_that_the_store_refuses_are_a_partial_success(send: Send, request_of: Make, number: Make):
    await send(request_of(number("g", ({}, 0, 1.0))))
    assert (await send(request_of(number("g", ({}, 0, 2.0)))))[0] == 1
    assert (await send(request_of(number("g", ({}, -86_400, 2.0)))))[0] == 1


async def test_a_tenant_is_not_another(send: Send, request_of: Make, number: Make, stored: Make):
    await send(request_of(number("g", ({}, 0, 1.0))), "alice")
    assert stored("g") == {}
    assert stored("g", "alice") == {"job=shop": [(0, 1.0)]}


@pytest.mark.parametrize(
    ("error", "status"), [(StoreFull("full"), 503), (StoreBusy("busy"), 429)], ids=["full", "busy"]
)
async def test_a_store_that_cannot_take_more_is_told_with_a_status_to_try_again(
    otlp: OTLP, request_of: Make, number: Make, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
):
    async def refuse(_batch: object) -> None:
        raise error

    monkeypatch.setattr(otlp._sink, "append", refuse)
    outcome = await otlp.receive(request_of(number("g", ({}, 0, 1.0))).SerializeToString(), PROTOBUF)
    assert (outcome.status, outcome.headers["Retry-After"]) == (status, "5")
    from google.rpc.status_pb2 import Status

    assert Status.FromString(outcome.body).code == 14


async def test_what_is_no_request_is_refused_in_its_own_encoding(otlp: OTLP):
    from google.rpc.status_pb2 import Status

    outcome = await otlp.receive(b"\xff\xff\xff", PROTOBUF)
    assert (outcome.status, Status.FromString(outcome.body).code) == (400, 3)
    outcome = await otlp.receive(b'{"resourceMetrics": 7}', JSON)
    assert (outcome.status, json.loads(outcome.body)["code"]) == (400, 3)
    outcome = await otlp.receive(b"", {"content-type": "text/plain"})
    assert outcome.status == 415
    outcome = await otlp.receive(b"cut", {**PROTOBUF, "content-encoding": "gzip"})
    assert outcome.status == 400


@pytest.mark.parametrize("bomb", [bytes(3 << 20), b"\x0a\x00" * 100_000], ids=["zeros", "empty resources"])
async def test_a_bomb_is_too_large(otlp: OTLP, bomb: bytes):
    outcome = await otlp.receive(gzip.compress(bomb), {**PROTOBUF, "content-encoding": "gzip"})
    assert outcome.status == 413


async def test_points_without_number_are_too_many(otlp: OTLP, request_of: Make, number: Make):
    metric = number("g", *[({}, 0, 1.0)])
    metric.gauge.data_points.extend([metric.gauge.data_points[0]] * 50_001)
    body = gzip.compress(request_of(metric).SerializeToString())
    assert (await otlp.receive(body, {**PROTOBUF, "content-encoding": "gzip"})).status == 413


async def test_promotion_of_resource_and_scope(otlp: OTLP, send: Send, request_of: Make, number: Make, stored: Make):
    rules = Translation(promote_all=True, ignored=frozenset({"host.id"}), promote_scope=True, keep_identifying=True)
    otlp.translate_by(rules)
    resource = {"service.name": "shop", "host.name": "h", "host.id": "x"}
    await send(request_of(number("g", ({}, 0, 1.0)), resource=resource, scope="lib", scoped={"team": "a"}))
    assert stored("g") == {"host_name=h,job=shop,otel_scope_name=lib,otel_scope_team=a,service_name=shop": [(0, 1.0)]}
    assert stored("target_info") == {"host_id=x,host_name=h,job=shop,service_name=shop": [(0, 1.0)]}


async def test_the_series_index_may_forget_and_what_is_sent_is_still_stored(
    send: Send, request_of: Make, number: Make, stored: Make, store: Store
):
    await send(request_of(number("g", ({}, 0, 1.0))))
    await store.delete_series("default", [[Matcher("__name__", MatchOp.EQUAL, "g")]], 0, NOW * 2)
    await send(request_of(number("g", ({}, 5, 2.0))))
    assert stored("g") == {"job=shop": [(5000, 2.0)]}
