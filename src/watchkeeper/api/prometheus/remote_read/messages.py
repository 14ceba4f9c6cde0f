"""The messages of the remote read protocol, from the field numbers of its public specification."""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool

from watchkeeper.receive.remote_write.messages import V1_FIELDS, build

_FIELDS = {
    **{name: V1_FIELDS[name] for name in ("Label", "Sample", "Exemplar", "Histogram", "BucketSpan", "TimeSeries")},
    "ReadRequest": "1 queries Query*\n2 accepted_response_types int32*",
    "Query": "1 start_timestamp_ms int64\n2 end_timestamp_ms int64\n3 matchers LabelMatcher*",
    "LabelMatcher": "1 type int32\n2 name bytes\n3 value bytes",
    "ReadResponse": "1 results QueryResult*",
    "QueryResult": "1 timeseries TimeSeries*",
    "ChunkedReadResponse": "1 chunked_series ChunkedSeries*\n2 query_index int64",
    "ChunkedSeries": "1 labels Label*\n2 chunks Chunk*",
    "Chunk": "1 min_time_ms int64\n2 max_time_ms int64\n3 type int32\n4 data bytes",
}


@cache
def messages() -> dict[str, Any]:
    """The message classes by name, built at the first call."""
    return build(DescriptorPool(), "remote_read", _FIELDS)
