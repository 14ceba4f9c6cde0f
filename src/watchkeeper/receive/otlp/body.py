"""A request's body, unpacked and brought to protobuf, never larger than the limits."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from watchkeeper.receive.otlp.failure import Malformed, TooLarge, Unsupported

_EXEMPLARS = ("gauge", "sum", "histogram", "exponential_histogram")


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The largest body, packed and unpacked, in bytes, and the most samples that one request may hold."""

    packed_bytes: int = 16 << 20
    unpacked_bytes: int = 32 << 20
    samples: int = 1_000_000


class Encoding(StrEnum):
    """The two encodings of OTLP over HTTP, by their content types."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"


def encoding_of(headers: Mapping[str, str]) -> Encoding:
    """The encoding that the headers announce. Raises Unsupported."""
    announced = headers.get("content-type", "")
    media = announced.partition(";")[0].strip().lower()
    try:
        return Encoding(media)
    except ValueError:
        raise Unsupported(
            f"unsupported content type: {announced}, supported: [{Encoding.JSON}, {Encoding.PROTOBUF}]"
        ) from None


def unpack(body: bytes, headers: Mapping[str, str], limits: BodyLimits) -> bytes:
    """Undo the content encoding, at most up to the limit. Raises TooLarge, Malformed or Unsupported."""
    if len(body) > limits.packed_bytes:
        raise TooLarge(f"the body has {len(body)} bytes, of {limits.packed_bytes} allowed")
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Unsupported(f'unsupported compression: {encoding}. Supported compressions are "gzip" or no compression')
    return _gunzip(body, limits.unpacked_bytes)


def _gunzip(body: bytes, most: int) -> bytes:
    parts: list[bytes] = []
    size, rest = 0, body
    try:
        while rest:
            member = zlib.decompressobj(wbits=31)
            part = member.decompress(rest, most - size + 1)
            size += len(part)
            if size > most:
                raise TooLarge(f"the body unpacks to more than {most} bytes")
            if not member.eof:
                raise Malformed("gzip: the body is cut off")
            parts.append(part)
            rest = member.unused_data
    except zlib.error as error:
        raise Malformed(f"gzip: {error}") from None
    return b"".join(parts)


def protobuf_of(body: bytes, encoding: Encoding) -> bytes:
    """The request in protobuf. Raises Malformed."""
    if encoding is Encoding.PROTOBUF:
        return body
    try:
        request = json_format.Parse(body, ExportMetricsServiceRequest(), ignore_unknown_fields=True)
        _restore_ids(request)
        return request.SerializeToString()
    except (json_format.ParseError, DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Malformed(f"the body is no valid OTLP JSON: {str(error)[:300]}") from None


def _restore_ids(request: ExportMetricsServiceRequest) -> None:
    """Take trace and span ids for hexadecimal, as OTLP's JSON writes them, not for base64, as protobuf's does."""
    metrics = (m for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics)
    for metric in metrics:
        kind = metric.WhichOneof("data")
        if kind not in _EXEMPLARS:
            continue
        for point in getattr(metric, kind).data_points:
            for exemplar in point.exemplars:
                exemplar.trace_id = bytes.fromhex(base64.b64encode(exemplar.trace_id).decode())
                exemplar.span_id = bytes.fromhex(base64.b64encode(exemplar.span_id).decode())
