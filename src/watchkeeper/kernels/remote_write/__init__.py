"""Scanning remote-write bodies without an object for each sample; `layout` says what the arrays hold."""

from watchkeeper.kernels.remote_write.hash import hash128
from watchkeeper.kernels.remote_write.known import rehash_known
from watchkeeper.kernels.remote_write.layout import (
    AT,
    BEFORE,
    DONE,
    EXEMPLAR,
    EXTRAS,
    HISTOGRAM,
    KNOWN,
    MALFORMED,
    METADATA,
    MORE_EXTRAS,
    MORE_KNOWN,
    MORE_PAIRS,
    MORE_SAMPLES,
    MORE_SERIES,
    PAIRS,
    REF,
    SAMPLES,
    SERIES,
    TOLD,
    UNRESOLVED,
    UNUSUAL,
)
from watchkeeper.kernels.remote_write.protobuf import count_fields
from watchkeeper.kernels.remote_write.v1 import count_labels, scan_v1, split_labels
from watchkeeper.kernels.remote_write.v2 import scan_symbols, scan_v2

__all__ = [
    "AT",
    "BEFORE",
    "DONE",
    "EXEMPLAR",
    "EXTRAS",
    "HISTOGRAM",
    "KNOWN",
    "MALFORMED",
    "METADATA",
    "MORE_EXTRAS",
    "MORE_KNOWN",
    "MORE_PAIRS",
    "MORE_SAMPLES",
    "MORE_SERIES",
    "PAIRS",
    "REF",
    "SAMPLES",
    "SERIES",
    "TOLD",
    "UNRESOLVED",
    "UNUSUAL",
    "count_fields",
    "count_labels",
    "hash128",
    "rehash_known",
    "scan_symbols",
    "scan_v1",
    "scan_v2",
    "split_labels",
]
