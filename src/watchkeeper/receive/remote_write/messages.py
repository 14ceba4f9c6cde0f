"""The messages' descriptors, from the field numbers of the public specifications (Remote-Write 1.0 and 2.0).

Strings are declared as bytes, which is the same on the wire: what is no UTF-8 must fail one series, not the request.
The two versions' histograms agree in all fields. The whole requests serve to rewrite unusual bodies, and the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "bytes": _Field.TYPE_BYTES,
    "double": _Field.TYPE_DOUBLE,
    "int64": _Field.TYPE_INT64,
    "uint64": _Field.TYPE_UINT64,
    "uint32": _Field.TYPE_UINT32,
    "sint32": _Field.TYPE_SINT32,
    "sint64": _Field.TYPE_SINT64,
    "int32": _Field.TYPE_INT32,
}

# One line a field: number, name, type (`*`: repeated), and after a slash the oneof it belongs to.
_HISTOGRAM = """
1 count_int uint64/count
2 count_float double/count
3 sum double
4 schema sint32
5 zero_threshold double
6 zero_count_int uint64/zero_count
7 zero_count_float double/zero_count
8 negative_spans BucketSpan*
9 negative_deltas sint64*
10 negative_counts double*
11 positive_spans BucketSpan*
12 positive_deltas sint64*
13 positive_counts double*
14 reset_hint int32
15 timestamp int64
16 custom_values double*
17 start_timestamp int64
"""
_SPAN = "1 offset sint32\n2 length uint32"
V1_FIELDS = {
    "WriteRequest": "1 timeseries TimeSeries*\n3 metadata MetricMetadata*",
    "TimeSeries": "1 labels Label*\n2 samples Sample*\n3 exemplars Exemplar*\n4 histograms Histogram*",
    "Label": "1 name bytes\n2 value bytes",
    "Sample": "1 value double\n2 timestamp int64",
    "Exemplar": "1 labels Label*\n2 value double\n3 timestamp int64",
    "MetricMetadata": "1 type int32\n2 metric_family_name bytes\n4 help bytes\n5 unit bytes",
    "Histogram": _HISTOGRAM,
    "BucketSpan": _SPAN,
}
_V2 = {
    "Request": "4 symbols bytes*\n5 timeseries TimeSeries*",
    "TimeSeries": "1 labels_refs uint32*\n2 samples Sample*\n3 histograms Histogram*\n4 exemplars Exemplar*\n"
    "5 metadata Metadata\n6 created_timestamp int64",
    "Sample": "1 value double\n2 timestamp int64\n3 start_timestamp int64",
    "Exemplar": "1 labels_refs uint32*\n2 value double\n3 timestamp int64",
    "Metadata": "1 type int32\n3 help_ref uint32\n4 unit_ref uint32",
    "Histogram": _HISTOGRAM,
    "BucketSpan": _SPAN,
}


@dataclass(frozen=True, slots=True)
class Messages:
    """The message classes of both versions, by their names in the specifications."""

    v1: dict[str, Any]
    v2: dict[str, Any]


@cache
def messages() -> Messages:
    """The message classes, built at the first call."""
    pool = descriptor_pool.DescriptorPool()
    return Messages(build(pool, "remote_write.v1", V1_FIELDS), build(pool, "remote_write.v2", _V2))


def build(pool: descriptor_pool.DescriptorPool, version: str, fields: dict[str, str]) -> dict[str, Any]:
    """The classes of messages written as above, by name; `version` names their package."""
    package = f"watchkeeper.{version}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, lines in fields.items():
        message = file.message_type.add(name=name)
        for line in lines.strip().splitlines():
            _add(message, package, line)
    pool.Add(file)  # pyright: ignore[reportDeprecated]  # the only way that takes a descriptor that is not serialized
    return {n: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{n}")) for n in fields}


def _add(message: descriptor_pb2.DescriptorProto, package: str, line: str) -> None:
    number, name, kind = line.split()
    kind, _, oneof = kind.partition("/")
    repeated = kind.endswith("*")
    kind = kind.rstrip("*")
    field = message.field.add(name=name, number=int(number))
    field.label = _Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    if kind in _TYPES:
        field.type = _TYPES[kind]
    else:
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{package}.{kind}"
    if oneof:
        names = [one.name for one in message.oneof_decl]
        if oneof not in names:
            message.oneof_decl.add(name=oneof)
            names.append(oneof)
        field.oneof_index = names.index(oneof)
