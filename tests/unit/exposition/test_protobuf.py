"""Prometheus' protobuf exposition."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.model.histogram import CUSTOM_BUCKETS, CounterReset
from watchkeeper.receive.exposition import ExpositionFailure, ProtobufDecoder
from watchkeeper.receive.exposition.descriptor import metric_family

Rows = Callable[[Any, bytes], list[Any]]
COUNTER, GAUGE, SUMMARY, UNTYPED, HISTOGRAM, GAUGE_HISTOGRAM = range(6)


def family(name: str, type_: int, help_: str = "", unit: str = "") -> Any:
    return metric_family()(name=name.encode(), type=type_, help=help_.encode(), unit=unit.encode())


def metric(of: Any, **labels: str) -> Any:
    out = of.metric.add()
    for name, value in labels.items():
        out.label.add(name=name.encode(), value=value.encode())
    return out


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def delimited(*families: Any) -> bytes:
    return b"".join(varint(f.ByteSize()) + f.SerializeToString() for f in families)


def decoder(**options: bool) -> ProtobufDecoder:
    return ProtobufDecoder(**({"native": True, "classic": False, "convert": False} | options))


def classic_histogram(*, infinite: bool = True) -> Any:
    one = family("h", HISTOGRAM)
    histogram = metric(one, a="b").histogram
    histogram.sample_count, histogram.sample_sum = 3, 4.5
    for bound, count in ((0.5, 1), (1.0, 2)):
        histogram.bucket.add(upper_bound=bound, cumulative_count=count)
    if infinite:
        histogram.bucket.add(upper_bound=math.inf, cumulative_count=3)
    return one


def native_histogram(*, buckets: bool = False) -> Any:
    one = classic_histogram() if buckets else family("h", HISTOGRAM)
    histogram = one.metric[0].histogram if buckets else metric(one, a="b").histogram
    histogram.sample_count, histogram.sample_sum, histogram.schema = 6, 12.5, 3
    histogram.zero_threshold, histogram.zero_count = 0.001, 1
    histogram.positive_span.add(offset=2, length=2)
    histogram.positive_span.add(offset=1, length=1)
    histogram.positive_delta.extend([2, -1, 1])
    return one


def test_simple_metrics_are_single_samples(rows: Rows) -> None:
    counter, gauge, untyped = family("c_total", COUNTER, "Help."), family("g", GAUGE), family("u", UNTYPED)
    metric(counter, a="b").counter.value = 3
    one = metric(gauge)
    one.gauge.value, one.timestamp_ms = -1.5, 1234
    metric(untyped).untyped.value = math.nan
    known = decoder()
    for _ in range(2):
        assert rows(known, delimited(counter, gauge, untyped)) == [
            ({"__name__": "c_total", "a": "b"}, 3.0, None),
            ({"__name__": "g"}, -1.5, 1234),
            ({"__name__": "u"}, "NaN", None),
        ]


def test_metadata_is_told_when_it_changes_and_only_then() -> None:
    counter = family("c_seconds_total", COUNTER, "Help.", "seconds")
    metric(counter).counter.value = 3
    known = decoder()
    metadata = known.decode(delimited(counter)).metadata
    assert metadata is not None
    assert [(m.metric, m.type, m.help, m.unit) for m in metadata] == [
        ("c_seconds_total", "counter", "Help.", "seconds")
    ]
    assert known.decode(delimited(counter)).metadata is None


def test_a_summary_has_count_sum_and_quantiles(rows: Rows) -> None:
    one = family("s", SUMMARY)
    summary = metric(one, a="b").summary
    summary.sample_count, summary.sample_sum = 5, 2.5
    summary.quantile.add(quantile=0.5, value=0.25)
    assert rows(decoder(), delimited(one)) == [
        ({"__name__": "s_count", "a": "b"}, 5.0, None),
        ({"__name__": "s_sum", "a": "b"}, 2.5, None),
        ({"__name__": "s", "a": "b", "quantile": "0.5"}, 0.25, None),
    ]


@pytest.mark.parametrize("infinite", [True, False])
def test_a_classic_histogram_always_has_its_last_bucket(rows: Rows, infinite: bool) -> None:
    found = rows(decoder(), delimited(classic_histogram(infinite=infinite)))
    assert [(row[0]["__name__"], row[0].get("le"), row[1]) for row in found] == [
        ("h_count", None, 3.0),
        ("h_sum", None, 4.5),
        ("h_bucket", "0.5", 1.0),
        ("h_bucket", "1.0", 2.0),
        ("h_bucket", "+Inf", 3.0),
    ]


def test_a_native_histogram_is_one_sample() -> None:
    known = decoder()
    exposition = known.decode(delimited(native_histogram()))
    assert dict(known.labels(0)) == {"__name__": "h", "a": "b"}
    assert len(exposition) == 1
    histogram = exposition.histograms[0]
    assert (histogram.schema, histogram.count, histogram.sum, histogram.zero_count) == (3, 6.0, 12.5, 1.0)
    assert histogram.positive.index.tolist() == [2, 3, 5]
    assert histogram.positive.count.tolist() == [2.0, 1.0, 2.0]


def test_a_float_histogram_has_absolute_counts() -> None:
    one = family("h", GAUGE_HISTOGRAM)
    histogram = metric(one).histogram
    histogram.sample_count_float, histogram.schema = 3.5, 0
    histogram.positive_span.add(offset=0, length=2)
    histogram.positive_count.extend([1.5, 2.0])
    found = decoder().decode(delimited(one)).histograms[0]
    assert found.positive.count.tolist() == [1.5, 2.0]
    assert found.reset is CounterReset.GAUGE


def test_classic_series_come_with_native_ones_only_on_request(rows: Rows) -> None:
    body = delimited(native_histogram(buckets=True))
    assert len(rows(decoder(), body)) == 1
    assert [row[0]["__name__"] for row in rows(decoder(classic=True), body)] == [
        "h",
        "h_count",
        "h_sum",
        *["h_bucket"] * 3,
    ]
    assert [row[0]["__name__"] for row in rows(decoder(native=False), body)] == ["h_count", "h_sum", *["h_bucket"] * 3]


def test_classic_histograms_become_native_ones_on_request() -> None:
    exposition = decoder(convert=True).decode(delimited(classic_histogram()))
    assert len(exposition) == 1
    histogram = exposition.histograms[0]
    assert (histogram.schema, histogram.custom_values, histogram.count) == (CUSTOM_BUCKETS, (0.5, 1.0), 3.0)
    both = decoder(convert=True, classic=True).decode(delimited(classic_histogram()))
    assert len(both) == 6


def test_created_timestamps_are_starts() -> None:
    counter = family("c_total", COUNTER)
    metric(counter).counter.created_timestamp.seconds = 17
    histogram = native_histogram()
    histogram.metric[0].histogram.created_timestamp.nanos = 5_000_000
    starts = decoder().decode(delimited(counter, histogram)).starts
    assert starts is not None
    assert starts.tolist() == [17_000, 5]


def test_exemplars_stay_with_their_sample() -> None:
    one = native_histogram(buckets=True)
    histogram = one.metric[0].histogram
    for value, second in ((0.25, 3), (0.75, 0)):
        exemplar = histogram.bucket[0 if value < 0.5 else 1].exemplar
        exemplar.value = value
        exemplar.label.add(name=b"trace_id", value=b"x")
        if second:
            exemplar.timestamp.seconds = second
    native = decoder().decode(delimited(one)).exemplars
    assert [(row, e.value, e.timestamp) for row, e in native] == [(0, 0.25, 3000)]
    classic = decoder(native=False).decode(delimited(one)).exemplars
    assert [(row, e.value, e.timestamp) for row, e in classic] == [(2, 0.25, 3000), (3, 0.75, None)]


def test_type_and_unit_become_labels_where_that_is_asked_for(rows: Rows) -> None:
    one = family("g_bytes", GAUGE, unit="bytes")
    metric(one, __type__="x").gauge.value = 1
    known = ProtobufDecoder(native=True, classic=False, convert=False, type_and_unit_labels=True)
    assert rows(known, delimited(one))[0][0] == {"__name__": "g_bytes", "__type__": "gauge", "__unit__": "bytes"}


def test_the_second_sample_of_a_series_is_a_duplicate() -> None:
    one = family("g", GAUGE)
    for value in (1, 2):
        metric(one).gauge.value = value
    known = decoder()
    for _ in range(2):
        assert known.decode(delimited(one)).duplicates.tolist() == [False, True]


def broken(**changes: Any) -> bytes:
    one = native_histogram()
    for name, value in changes.items():
        setattr(one.metric[0].histogram, name, value)
    return delimited(one)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\x80", "no valid message length"),
        (b"\xff" * 11, "no valid message length"),
        (b"\x05ab", "cut off"),
        (b"\x02\xff\xff", "no valid MetricFamily"),
        (delimited(family("", GAUGE)), "no name"),
        (delimited(family("g", 9)), "unknown type 9"),
        (delimited(family("g", GAUGE, unit="bytes")), "not a suffix"),
        (delimited(metric_family()(name=b"\xff")), "not valid UTF-8"),
        (broken(sample_count=1), "makes no sense"),
        (broken(schema=99), "makes no sense"),
    ],
)
def test_what_makes_no_sense_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(ExpositionFailure, match=message):
        decoder().decode(body)


@given(st.data())
def test_damaged_bodies_never_do_more_than_fail(data: st.DataObject) -> None:
    body = bytearray(delimited(native_histogram(buckets=True), classic_histogram()))
    for _ in range(data.draw(st.integers(1, 5))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoder(classic=True).decode(bytes(body))
    except ExpositionFailure as failure:
        assert str(failure)


def test_a_target_that_always_sends_new_series_is_not_remembered_for_ever() -> None:
    known = decoder()
    for round_ in range(6):
        one = family("g", GAUGE)
        for i in range(500):
            metric(one, i=str(500 * round_ + i)).gauge.value = i
        exposition = known.decode(delimited(one))
        before = [known.labels(e) for e in exposition.entries.tolist()]
        kept = known.tidy()
        if kept is not None:
            places = {old: new for new, old in enumerate(kept.tolist())}
            assert [known.labels(places[e]) for e in exposition.entries.tolist()] == before
    assert len(known) <= 2500
