"""The store's tables. What is written here has been created somewhere already: a change is a new migration."""

from __future__ import annotations

from watchkeeper.store.migrations.table import Table

BUCKET_S = 7200
"""Samples lie on disk by tenant, then by spans of two hours, then by series: a short range reads little, a long one
still finds 480 samples (at 15 s) of a series side by side, which is what compresses."""

_TENANT = "tenant LowCardinality(String)"
_SERIES = "series UInt64 CODEC(Delta(8), ZSTD(1))"
_TIMESTAMP = "timestamp DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))"
_START = "start DateTime64(3, 'UTC') DEFAULT 0 CODEC(Delta(8), ZSTD(1))"
_BY_SPAN = f"tenant, intDiv(toInt64(timestamp), {BUCKET_S}), series, timestamp"
_BY_DAY = "toYYYYMMDD(timestamp)"
_TIMED: dict[str, str | int | float] = {
    "ratio_of_defaults_for_sparse_serialization": 0.9,
    # By default small parts are merged five at a time, which at 2000 rows an insert rewrites each row a dozen times;
    # by sixteens it is three or four times, and a read meets a few parts more.
    "min_parts_to_merge_at_once": 16,
}

SERIES = Table(
    name="series_raw",
    columns=(
        _TENANT,
        "series UInt64 CODEC(ZSTD(1))",
        "metric LowCardinality(String)",
        "labels Map(LowCardinality(String), String) CODEC(ZSTD(1))",
    ),
    engine="ReplacingMergeTree",
    order_by="tenant, series",
)

ACTIVITY = Table(
    name="series_activity",
    columns=(
        _TENANT,
        "series UInt64 CODEC(ZSTD(1))",
        "first SimpleAggregateFunction(min, DateTime64(3, 'UTC'))",
        "last SimpleAggregateFunction(max, DateTime64(3, 'UTC'))",
        "kinds SimpleAggregateFunction(groupBitOr, UInt8)",
    ),
    engine="AggregatingMergeTree",
    order_by="tenant, series",
)

SAMPLES = Table(
    name="samples_raw",
    columns=(
        _TENANT,
        _SERIES,
        _TIMESTAMP,
        "mantissa Int64 CODEC(Delta(8), T64('bit'), ZSTD(1))",
        "exponent Int8 CODEC(ZSTD(1))",
        _START,
        "value Float64 ALIAS if(exponent < 0, reinterpretAsFloat64(mantissa), mantissa / intExp10(exponent))",
    ),
    engine="ReplacingMergeTree",
    order_by=_BY_SPAN,
    partition_by=_BY_DAY,
    settings=_TIMED,
)

HISTOGRAMS = Table(
    name="histograms_raw",
    columns=(
        _TENANT,
        _SERIES,
        _TIMESTAMP,
        _START,
        "schema Int8",
        "reset UInt8",
        "count Float64 CODEC(Delta(8), ZSTD(1))",
        "sum Float64 CODEC(Delta(8), ZSTD(1))",
        "zero_threshold Float64 CODEC(ZSTD(1))",
        "zero_count Float64 CODEC(Delta(8), ZSTD(1))",
        "positive_index Array(Int32) CODEC(Delta(4), ZSTD(1))",
        "positive_count Array(Float64) CODEC(ZSTD(1))",
        "negative_index Array(Int32) CODEC(Delta(4), ZSTD(1))",
        "negative_count Array(Float64) CODEC(ZSTD(1))",
        "custom_values Array(Float64) CODEC(ZSTD(1))",
    ),
    engine="ReplacingMergeTree",
    order_by=_BY_SPAN,
    partition_by=_BY_DAY,
    settings=_TIMED,
)

EXEMPLARS = Table(
    name="exemplars_raw",
    columns=(
        _TENANT,
        _SERIES,
        _TIMESTAMP,
        "labels Map(LowCardinality(String), String) CODEC(ZSTD(1))",
        "value Float64 CODEC(ZSTD(1))",
    ),
    engine="ReplacingMergeTree",
    order_by="tenant, series, timestamp, value",
    partition_by=_BY_DAY,
)

METADATA = Table(
    name="metadata_raw",
    columns=(_TENANT, "metric String", "type LowCardinality(String)", "unit String", "help String CODEC(ZSTD(1))"),
    engine="ReplacingMergeTree",
    order_by="tenant, metric, type, unit, help",
    shard_by="cityHash64(metric)",
)
