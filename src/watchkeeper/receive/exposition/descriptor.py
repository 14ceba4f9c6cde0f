"""The messages of Prometheus' protobuf exposition (`io.prometheus.client`), by their public field numbers."""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import timestamp_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "io.prometheus.client"
_TIMESTAMP = "google.protobuf.Timestamp"
_KINDS = {
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "sint32": FieldDescriptorProto.TYPE_SINT32,
    "sint64": FieldDescriptorProto.TYPE_SINT64,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
}
# Name, number, type; a trailing * repeats. Strings are taken as bytes, so that bad UTF-8 is found where it is read.
_MESSAGES: dict[str, tuple[tuple[str, int, str], ...]] = {
    "LabelPair": (("name", 1, "bytes"), ("value", 2, "bytes")),
    "Gauge": (("value", 1, "double"),),
    "Untyped": (("value", 1, "double"),),
    "Counter": (("value", 1, "double"), ("exemplar", 2, "Exemplar"), ("created_timestamp", 3, _TIMESTAMP)),
    "Quantile": (("quantile", 1, "double"), ("value", 2, "double")),
    "Summary": (
        ("sample_count", 1, "uint64"),
        ("sample_sum", 2, "double"),
        ("quantile", 3, "Quantile*"),
        ("created_timestamp", 4, _TIMESTAMP),
    ),
    "Histogram": (
        ("sample_count", 1, "uint64"),
        ("sample_sum", 2, "double"),
        ("bucket", 3, "Bucket*"),
        ("sample_count_float", 4, "double"),
        ("schema", 5, "sint32"),
        ("zero_threshold", 6, "double"),
        ("zero_count", 7, "uint64"),
        ("zero_count_float", 8, "double"),
        ("negative_span", 9, "BucketSpan*"),
        ("negative_delta", 10, "sint64*"),
        ("negative_count", 11, "double*"),
        ("positive_span", 12, "BucketSpan*"),
        ("positive_delta", 13, "sint64*"),
        ("positive_count", 14, "double*"),
        ("created_timestamp", 15, _TIMESTAMP),
        ("exemplars", 16, "Exemplar*"),
    ),
    "Bucket": (
        ("cumulative_count", 1, "uint64"),
        ("upper_bound", 2, "double"),
        ("exemplar", 3, "Exemplar"),
        ("cumulative_count_float", 4, "double"),
    ),
    "BucketSpan": (("offset", 1, "sint32"), ("length", 2, "uint32")),
    "Exemplar": (("label", 1, "LabelPair*"), ("value", 2, "double"), ("timestamp", 3, _TIMESTAMP)),
    "Metric": (
        ("label", 1, "LabelPair*"),
        ("gauge", 2, "Gauge"),
        ("counter", 3, "Counter"),
        ("summary", 4, "Summary"),
        ("untyped", 5, "Untyped"),
        ("timestamp_ms", 6, "int64"),
        ("histogram", 7, "Histogram"),
    ),
    "MetricFamily": (
        ("name", 1, "bytes"),
        ("help", 2, "bytes"),
        ("type", 3, "int32"),
        ("metric", 4, "Metric*"),
        ("unit", 5, "bytes"),
    ),
}


@cache
def metric_family() -> type[Any]:
    """The class of `MetricFamily` messages; `type` is a plain number, texts are bytes."""
    pool = DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    file = FileDescriptorProto(name="metrics.proto", package=_PACKAGE, syntax="proto2")
    file.dependency.append(timestamp_pb2.DESCRIPTOR.name)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields:
            _add_field(message, *field)
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.MetricFamily"))


def _add_field(message: DescriptorProto, name: str, number: int, kind: str) -> None:
    label = FieldDescriptorProto.LABEL_REPEATED if kind.endswith("*") else FieldDescriptorProto.LABEL_OPTIONAL
    kind = kind.rstrip("*")
    field = message.field.add(name=name, number=number, label=label)
    if kind in _KINDS:
        field.type = _KINDS[kind]
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{kind}" if "." in kind else f".{_PACKAGE}.{kind}"
