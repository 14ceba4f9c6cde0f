"""Native histograms: the value, its arithmetic, its forms on the wire, in tables and as text."""

from watchkeeper.model.histogram.accumulate import HistogramMean, HistogramSum
from watchkeeper.model.histogram.arithmetic import Combined, add, divide, negate, scale, subtract
from watchkeeper.model.histogram.bounds import Table, upper_bounds
from watchkeeper.model.histogram.classic import from_classic
from watchkeeper.model.histogram.columns import HistogramColumns, digest, pack, unpack
from watchkeeper.model.histogram.compare import almost_equal, almost_same, detect_reset, same
from watchkeeper.model.histogram.hints import received_hint, stored_hints, with_reset
from watchkeeper.model.histogram.invalid import InvalidHistogram, known_schema, validate
from watchkeeper.model.histogram.layout import compact, reduce_schema
from watchkeeper.model.histogram.text import to_json, to_literal, to_text
from watchkeeper.model.histogram.trim import trim
from watchkeeper.model.histogram.values import (
    CUSTOM_BUCKETS,
    NO_BUCKETS,
    Buckets,
    CounterReset,
    Histogram,
    HistogramsIncompatible,
)
from watchkeeper.model.histogram.wire import Span, from_counts, from_deltas, to_deltas, to_spans

__all__ = [
    "CUSTOM_BUCKETS",
    "NO_BUCKETS",
    "Buckets",
    "Combined",
    "CounterReset",
    "Histogram",
    "HistogramColumns",
    "HistogramMean",
    "HistogramSum",
    "HistogramsIncompatible",
    "InvalidHistogram",
    "Span",
    "Table",
    "add",
    "almost_equal",
    "almost_same",
    "compact",
    "detect_reset",
    "digest",
    "divide",
    "from_classic",
    "from_counts",
    "from_deltas",
    "known_schema",
    "negate",
    "pack",
    "received_hint",
    "reduce_schema",
    "same",
    "scale",
    "stored_hints",
    "subtract",
    "to_deltas",
    "to_json",
    "to_literal",
    "to_spans",
    "to_text",
    "trim",
    "unpack",
    "upper_bounds",
    "validate",
    "with_reset",
]
