"""Requests as a sender builds them, from plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cramjam

from watchkeeper.receive.remote_write.messages import messages

V2 = {"content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request", "content-encoding": "snappy"}
V1 = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}


@dataclass
class Line:
    """A series of a request: labels, samples (ms, value), histograms (field → value), exemplars, metadata."""

    labels: list[tuple[str | bytes, str | bytes]]
    samples: list[tuple[int, float]] = field(default_factory=list)
    histograms: list[dict[str, Any]] = field(default_factory=list)
    exemplars: list[tuple[list[tuple[str, str]], float, int]] = field(default_factory=list)
    metadata: tuple[int, str, str] | None = None
    created: int = 0


def raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _fill(histogram: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name.endswith("_spans"):
            for offset, length in value:
                getattr(histogram, name).add(offset=offset, length=length)
        elif isinstance(value, list):
            getattr(histogram, name).extend(value)
        else:
            setattr(histogram, name, value)


def request_v1(lines: list[Line], metadata: list[tuple[int, str, str, str]] | None = None) -> bytes:
    """A prometheus.WriteRequest, not packed; metadata are (type, metric, help, unit)."""
    request = messages().v1["WriteRequest"]()
    for line in lines:
        series = request.timeseries.add()
        for name, value in line.labels:
            series.labels.add(name=raw(name), value=raw(value))
        for ms, value in line.samples:
            series.samples.add(timestamp=ms, value=value)
        for labels, value, ms in line.exemplars:
            exemplar = series.exemplars.add(value=value, timestamp=ms)
            for name, text in labels:
                exemplar.labels.add(name=raw(name), value=raw(text))
        for values in line.histograms:
            _fill(series.histograms.add(), values)
    for kind, metric, text, unit in metadata or []:
        request.metadata.add(type=kind, metric_family_name=raw(metric), help=raw(text), unit=raw(unit))
    return request.SerializeToString()


def request_v2(lines: list[Line]) -> bytes:
    """An io.prometheus.write.v2.Request, not packed."""
    request, symbols = messages().v2["Request"](), {b"": 0}

    def refs(pairs: list[Any]) -> list[int]:
        return [symbols.setdefault(raw(text), len(symbols)) for pair in pairs for text in pair]

    for line in lines:
        series = request.timeseries.add(created_timestamp=line.created)
        series.labels_refs.extend(refs(line.labels))
        for ms, value in line.samples:
            series.samples.add(timestamp=ms, value=value)
        for values in line.histograms:
            _fill(series.histograms.add(), values)
        for labels, value, ms in line.exemplars:
            series.exemplars.add(labels_refs=refs(labels), value=value, timestamp=ms)
        if line.metadata:
            kind, text, unit = line.metadata
            series.metadata.type = kind
            series.metadata.help_ref, series.metadata.unit_ref = refs([(text, unit)])
    request.symbols.extend(symbols)
    return request.SerializeToString()


def packed(message: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(message))
