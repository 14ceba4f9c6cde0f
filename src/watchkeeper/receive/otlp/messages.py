"""The messages of OTLP metrics, by the field numbers of the public specification (opentelemetry-proto 1.x).

What is only compared with what came before (resources, scopes, attributes), and what is taken apart level by level,
is declared as bytes, which is the same on the wire: so a known series is recognised without decoding its attributes,
and no small body unfolds into millions of objects.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_Field = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "bytes": _Field.TYPE_BYTES,
    "double": _Field.TYPE_DOUBLE,
    "fixed64": _Field.TYPE_FIXED64,
    "sfixed64": _Field.TYPE_SFIXED64,
    "uint64": _Field.TYPE_UINT64,
    "uint32": _Field.TYPE_UINT32,
    "int64": _Field.TYPE_INT64,
    "int32": _Field.TYPE_INT32,
    "sint32": _Field.TYPE_SINT32,
    "bool": _Field.TYPE_BOOL,
}
# One line a field: number, name, type (`*`: repeated).
_MESSAGES = {
    "Request": "1 resource_metrics bytes*",
    "ResourceMetrics": "1 resource bytes\n2 scope_metrics bytes*",
    "ScopeMetrics": "1 scope bytes\n2 metrics bytes*\n3 schema_url bytes",
    "Metric": """
1 name bytes
2 description bytes
3 unit bytes
5 gauge bytes
7 sum bytes
9 histogram bytes
10 exponential_histogram bytes
11 summary bytes
""",
    "Data": "1 data_points bytes*\n2 aggregation_temporality int32\n3 is_monotonic bool",
    "Numbers": "1 data_points Number*",
    "Histograms": "1 data_points Explicit*",
    "ExponentialHistograms": "1 data_points Exponential*",
    "Summaries": "1 data_points Summary*",
    "Number": """
2 start_time_unix_nano fixed64
3 time_unix_nano fixed64
4 as_double double
5 exemplars bytes*
6 as_int sfixed64
7 attributes bytes*
8 flags uint32
""",
    "Explicit": """
2 start_time_unix_nano fixed64
3 time_unix_nano fixed64
4 count fixed64
5 sum double
6 bucket_counts fixed64*
7 explicit_bounds double*
8 exemplars bytes*
9 attributes bytes*
10 flags uint32
""",
    "Exponential": """
1 attributes bytes*
2 start_time_unix_nano fixed64
3 time_unix_nano fixed64
4 count fixed64
5 sum double
6 scale sint32
7 zero_count fixed64
8 positive Buckets
9 negative Buckets
10 flags uint32
11 exemplars bytes*
""",
    "Buckets": "1 offset sint32\n2 bucket_counts uint64*",
    "Summary": """
2 start_time_unix_nano fixed64
3 time_unix_nano fixed64
4 count fixed64
5 sum double
6 quantile_values Quantile*
7 attributes bytes*
8 flags uint32
""",
    "Quantile": "1 quantile double\n2 value double",
    "Exemplar": """
2 time_unix_nano fixed64
3 as_double double
4 span_id bytes
5 trace_id bytes
6 as_int sfixed64
7 filtered_attributes bytes*
""",
    "Response": "1 partial_success PartialSuccess",
    "PartialSuccess": "1 rejected_data_points int64\n2 error_message bytes",
}


@cache
def messages() -> Any:
    """The message classes as attributes, in a pool of their own."""
    package = "watchkeeper.otlp"
    file = descriptor_pb2.FileDescriptorProto(name="watchkeeper/otlp.proto", package=package)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for line in fields.strip().splitlines():
            number, field, kind = line.split()
            label = _Field.LABEL_REPEATED if kind.endswith("*") else _Field.LABEL_OPTIONAL
            kind = kind.removesuffix("*")
            added = message.field.add(name=field, number=int(number), label=label)
            if kind in _TYPES:
                added.type = _TYPES[kind]
            else:
                added.type, added.type_name = _Field.TYPE_MESSAGE, f".{package}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in _MESSAGES
    }
    return SimpleNamespace(**found)
