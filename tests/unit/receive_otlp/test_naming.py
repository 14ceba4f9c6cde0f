"""Names, as Prometheus' translation gives them, and bodies that are no requests."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.receive.otlp import OTLP, Translation
from watchkeeper.receive.otlp.attributes import number_text, plain_number
from watchkeeper.receive.otlp.naming import InvalidName, Kind, label_name, metric_name, unit_name

ESCAPED, BARE = Translation(), Translation(suffixes=False)
UTF8, UNTOUCHED = Translation(escape=False), Translation(escape=False, suffixes=False)


@pytest.mark.parametrize(
    ("name", "unit", "kind", "rules", "expected"),
    [
        ("metric@with#special$chars", "", Kind.GAUGE, BARE, "metric_with_special_chars"),
        ("123metric", "", Kind.GAUGE, BARE, "_123metric"),
        ("metric@@##$$name", "", Kind.GAUGE, BARE, "metric_name"),
        ("requests", "", Kind.COUNTER, ESCAPED, "requests_total"),
        ("cpu_usage", "1", Kind.GAUGE, ESCAPED, "cpu_usage_ratio"),
        ("items", "1", Kind.COUNTER, ESCAPED, "items_total"),
        ("requests", "1/s", Kind.GAUGE, ESCAPED, "requests_per_second"),
        ("throughput", "By/s", Kind.GAUGE, ESCAPED, "throughput_bytes_per_second"),
        ("custom", "{custom}", Kind.GAUGE, ESCAPED, "custom"),
        ("custom", "By/{custom}", Kind.GAUGE, ESCAPED, "custom_bytes"),
        ("requests_total", "", Kind.COUNTER, ESCAPED, "requests_total"),
        ("response_time_seconds", "s", Kind.GAUGE, ESCAPED, "response_time_seconds"),
        ("a__b", "unit__x", Kind.GAUGE, ESCAPED, "a_b_unit_x"),
        ("custom", "unit@with#special/chars", Kind.GAUGE, ESCAPED, "custom_unit_with_special_per_chars"),
        ("a.total.b", "", Kind.COUNTER, ESCAPED, "a_b_total"),
        ("cpu_seconds_total", "s", Kind.COUNTER, UTF8, "cpu_seconds_total"),
        ("requêsts", "1/s", Kind.GAUGE, UTF8, "requêsts_per_second"),
        ("@#$%", "", Kind.COUNTER, UTF8, "@#$%_total"),
        ("größe.x", "By", Kind.COUNTER, UNTOUCHED, "größe.x"),
    ],
)
def test_metric_names(name: str, unit: str, kind: Kind, rules: Translation, expected: str):
    assert metric_name(name, unit, kind, rules) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("label:with:colons", "label_with_colons"),
        ("label!with&special$chars)", "label_with_special_chars_"),
        ("字符", None),
        ("123label", "key_123label"),
        ("_label", "key_label"),
        ("__label", "__label"),
        ("__", None),
        ("", None),
    ],
)
def test_label_names(name: str, expected: str | None):
    if expected is None:
        with pytest.raises(InvalidName):
            label_name(name, ESCAPED)
    else:
        assert label_name(name, ESCAPED) == expected


def test_units_have_words_of_their_own():
    assert [unit_name(unit, ESCAPED) for unit in ("By/s", "1/s", "{x}", "1", "ms")] == [
        "bytes_per_second",
        "per_second",
        "",
        "",
        "milliseconds",
    ]


def test_numbers_in_labels():
    assert [plain_number(value) for value in (5.0, 0.005, 1e6, 1e22, 1e-7)] == [
        "5",
        "0.005",
        "1000000",
        "10000000000000000000000",
        "0.0000001",
    ]
    assert [number_text(value) for value in (3.0, 0.1, 1e20, 1e22, 1e-7, 1.5e-9)] == [
        "3",
        "0.1",
        "100000000000000000000",
        "1e+22",
        "1e-7",
        "1.5e-9",
    ]


class NoStore:
    """A sink that must never be asked to keep what is no request."""

    generation = 0

    def resolve(self, _tenant: str, labels: Any) -> Any:
        import numpy as np

        return np.arange(len(labels), dtype=np.int32)

    def alive(self, refs: Any) -> Any:
        return refs >= 0

    async def append(self, batch: Any) -> Any:
        from watchkeeper.model.samples import AppendOutcome

        assert (batch.refs >= 0).all()
        return AppendOutcome(batch.refs.size)


@given(st.binary(max_size=300), st.sampled_from(["application/x-protobuf", "application/json"]), st.booleans())
def test_no_body_breaks_the_receiver(body: bytes, media: str, packed: bool):
    otlp = OTLP(NoStore(), SystemClock(), CollectorRegistry())
    headers = {"content-type": media, **({"content-encoding": "gzip"} if packed else {})}
    assert asyncio.run(otlp.receive(body, headers)).status in (200, 400, 413)


async def test_no_mutated_request_breaks_the_receiver(request_of: Callable[..., Any], number: Callable[..., Any]):
    from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

    histogram = Metric(name="h", unit="s")
    histogram.histogram.aggregation_temporality = 1
    histogram.histogram.data_points.add(time_unix_nano=1, count=3, bucket_counts=[1, 2], explicit_bounds=[0.5], sum=2)
    exponential = Metric(name="e")
    exponential.exponential_histogram.aggregation_temporality = 1
    point = exponential.exponential_histogram.data_points.add(time_unix_nano=1, count=3, scale=2)
    point.positive.bucket_counts.extend([1, 2])
    summary = Metric(name="s")
    summary.summary.data_points.add(time_unix_nano=1, count=3).quantile_values.add(quantile=0.5, value=1)
    gauge, deltas = number("g", ({"a": 1.5}, 0, 1.0)), number("c", ({"b": "x"}, 0, 1), temporality=1)
    body = request_of(histogram, exponential, summary, gauge, deltas).SerializeToString()
    otlp = OTLP(NoStore(), SystemClock(), CollectorRegistry())
    rng = random.Random(11)
    for _ in range(4000):
        mutated = bytearray(body)
        for _ in range(rng.randrange(1, 4)):
            mutated[rng.randrange(len(mutated))] = rng.randrange(256)
        if rng.random() < 0.2:
            del mutated[rng.randrange(len(mutated)) :]
        outcome = await otlp.receive(bytes(mutated), {"content-type": "application/x-protobuf"})
        assert outcome.status in (200, 400, 413)
