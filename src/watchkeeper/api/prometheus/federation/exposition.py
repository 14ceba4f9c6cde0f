"""Newest samples as text, or as protobuf messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from watchkeeper.api.prometheus.federation.format import Format
from watchkeeper.api.prometheus.federation.latest import Newest
from watchkeeper.api.prometheus.names import ESCAPES, is_legacy
from watchkeeper.model.histogram import Buckets, CounterReset, Histogram, to_spans
from watchkeeper.model.histogram.digits import general
from watchkeeper.receive.exposition.descriptor import metric_family

_UNTYPED, _HISTOGRAM, _GAUGE_HISTOGRAM = 3, 4, 5


def exposed(samples: Sequence[Newest], form: Format) -> bytes:
    """The samples in the format; native histograms have no place in text and are left out of it."""
    if form.protobuf:
        return b"".join(_messages(samples, form.escaping))
    return "".join(_lines(samples, form.escaping)).encode()


def _lines(samples: Sequence[Newest], escaping: str) -> Iterator[str]:
    escape = ESCAPES[escaping]
    floats = (sample for sample in samples if not isinstance(sample.value, Histogram))
    for name, family in groupby(floats, key=lambda sample: sample.name):
        shown = escape(name)
        yield f"# TYPE {_quoted(shown)} untyped\n"
        for sample in family:
            assert isinstance(sample.value, float)
            pairs = [f'{_quoted(escape(n))}="{_value(v)}"' for n, v in sample.labels]
            if is_legacy(shown):
                series = f"{shown}{{{','.join(pairs)}}}"
            else:
                series = f"{{{','.join([_quoted(shown), *pairs])}}}"
            yield f"{series} {general(sample.value)} {sample.time}\n"


def _quoted(name: str) -> str:
    return name if is_legacy(name) else f'"{_value(name)}"'


def _value(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _messages(samples: Sequence[Newest], escaping: str) -> Iterator[bytes]:
    escape = ESCAPES[escaping]
    for (name, kind), family in groupby(samples, key=lambda sample: (sample.name, _kind(sample))):
        message = metric_family()(name=escape(name).encode(), type=kind)
        for sample in family:
            metric = message.metric.add(timestamp_ms=sample.time)
            for label, value in sample.labels:
                metric.label.add(name=escape(label).encode(), value=value.encode())
            if isinstance(sample.value, Histogram):
                _fill(metric.histogram, sample.value)
            else:
                metric.untyped.value = sample.value
        data: bytes = message.SerializeToString()
        yield _size(len(data)) + data


def _kind(sample: Newest) -> int:
    if not isinstance(sample.value, Histogram):
        return _UNTYPED
    return _GAUGE_HISTOGRAM if sample.value.reset is CounterReset.GAUGE else _HISTOGRAM


def _size(size: int) -> bytes:
    head = bytearray()
    while size >= 128:
        head.append(size & 127 | 128)
        size >>= 7
    return bytes([*head, size])


def _fill(message: Any, histogram: Histogram) -> None:
    message.sample_count_float, message.sample_sum = histogram.count, histogram.sum
    message.schema, message.zero_threshold = histogram.schema, histogram.zero_threshold
    message.zero_count_float = histogram.zero_count
    _fill_buckets(message.positive_span, message.positive_count, histogram.positive)
    _fill_buckets(message.negative_span, message.negative_count, histogram.negative)


def _fill_buckets(spans: Any, counts: Any, buckets: Buckets) -> None:
    for span in to_spans(buckets)[0]:
        spans.add(offset=span.offset, length=span.length)
    counts.extend(buckets.count.tolist())
