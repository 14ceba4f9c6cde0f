"""What the tables are written with: columns of samples and series as Native blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.histogram import Histogram
from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.model.samples import MetricMetadata
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index import NewSeries
from watchkeeper.store.native import Coded, Column, Ragged, constant, encode

_LABELS = "Map(LowCardinality(String), String)"


@dataclass(frozen=True, slots=True)
class Rows:
    """One Native block for `table`."""

    table: str
    columns: list[str]
    block: bytes
    rows: int

    @classmethod
    def of(cls, table: str, columns: Sequence[tuple[str, str, Column]], rows: int) -> Rows:
        """The block of (name, type, values) columns."""
        return cls(table, [name for name, _, _ in columns], encode(columns, rows), rows)


def _timed(tenants: Coded, ids: NDArray[np.uint64], timestamps: NDArray[np.int64]) -> list[tuple[str, str, Column]]:
    return [
        ("tenant", "LowCardinality(String)", tenants),
        ("series", "UInt64", ids),
        ("timestamp", "DateTime64(3, 'UTC')", timestamps),
    ]


def sample_rows(
    tenants: Coded,
    ids: NDArray[np.uint64],
    timestamps: NDArray[np.int64],
    mantissas: NDArray[np.int64],
    exponents: NDArray[np.int8],
    starts: NDArray[np.int64] | None,
) -> Rows:
    """Float samples; all arrays (m,)."""
    columns = _timed(tenants, ids, timestamps)
    columns += [("mantissa", "Int64", mantissas), ("exponent", "Int8", exponents)]
    if starts is not None:
        columns.append(("start", "DateTime64(3, 'UTC')", starts))
    return Rows.of("samples_raw", columns, len(ids))


def histogram_rows(
    tenants: Coded,
    ids: NDArray[np.uint64],
    timestamps: NDArray[np.int64],
    starts: NDArray[np.int64],
    histograms: Sequence[Histogram],
) -> Rows:
    """Native histograms, one row each."""
    floats = ("count", "sum", "zero_threshold", "zero_count")
    columns = [
        *_timed(tenants, ids, timestamps),
        ("start", "DateTime64(3, 'UTC')", starts),
        ("schema", "Int8", np.array([h.schema for h in histograms], dtype=np.int8)),
        ("reset", "UInt8", np.array([h.reset for h in histograms], dtype=np.uint8)),
        *((name, "Float64", np.array([getattr(h, name) for h in histograms], dtype=np.float64)) for name in floats),
        ("positive_index", "Array(Int32)", _ragged([h.positive.index for h in histograms], np.int32)),
        ("positive_count", "Array(Float64)", _ragged([h.positive.count for h in histograms], np.float64)),
        ("negative_index", "Array(Int32)", _ragged([h.negative.index for h in histograms], np.int32)),
        ("negative_count", "Array(Float64)", _ragged([h.negative.count for h in histograms], np.float64)),
        ("custom_values", "Array(Float64)", _ragged([np.array(h.custom_values) for h in histograms], np.float64)),
    ]
    return Rows.of("histograms_raw", columns, len(histograms))


def _ragged(parts: Sequence[NDArray[np.generic]], dtype: type[np.generic]) -> Ragged:
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([part.size for part in parts], out=offsets[1:])
    return Ragged(offsets, (np.concatenate(parts).astype(dtype) if parts else np.zeros(0, dtype=dtype),))


def series_rows(series: NewSeries, symbols: Symbols) -> Rows:
    """Series by their labels; the pairs of each stay sorted by name."""
    names, values = _texts(series.names, symbols), _texts(series.values, symbols)
    metric = np.full(series.ids.size, symbols.intern(""), dtype=np.int32)
    at = np.flatnonzero(series.names == symbols.intern(METRIC_NAME))
    metric[np.searchsorted(series.offsets, at, side="right") - 1] = series.values[at]
    columns: list[tuple[str, str, Column]] = [
        ("tenant", "LowCardinality(String)", constant(series.tenant, series.ids.size)),
        ("series", "UInt64", series.ids),
        ("metric", "LowCardinality(String)", _texts(metric, symbols)),
        ("labels", "Map(LowCardinality(String), LowCardinality(String))", Ragged(series.offsets, (names, values))),
    ]
    return Rows.of("series_raw", columns, series.ids.size)


def _texts(codes: NDArray[np.int32], symbols: Symbols) -> Coded:
    distinct, inverse = np.unique(codes, return_inverse=True)
    strings = symbols.strings
    return Coded([strings[code] for code in distinct.tolist()], inverse)


def activity_rows(
    tenants: Coded,
    ids: NDArray[np.uint64],
    first_ms: NDArray[np.int64],
    last_ms: NDArray[np.int64],
    kinds: NDArray[np.uint8],
) -> Rows:
    """The spans in which series had samples."""
    columns: list[tuple[str, str, Column]] = [
        ("tenant", "LowCardinality(String)", tenants),
        ("series", "UInt64", ids),
        ("first", "DateTime64(3, 'UTC')", first_ms),
        ("last", "DateTime64(3, 'UTC')", last_ms),
        ("kinds", "UInt8", kinds),
    ]
    return Rows.of("series_activity", columns, len(ids))


def exemplar_rows(
    tenants: Coded,
    ids: NDArray[np.uint64],
    timestamps: NDArray[np.int64],
    values: NDArray[np.float64],
    labels: Sequence[Labels],
) -> Rows:
    """Exemplars with their labels."""
    names: dict[str, int] = {}
    flat = [pair for one in labels for pair in one.pairs]
    codes = np.array([names.setdefault(name, len(names)) for name, _ in flat], dtype=np.int64)
    offsets = np.zeros(len(labels) + 1, dtype=np.int64)
    np.cumsum([len(one) for one in labels], out=offsets[1:])
    columns = [
        *_timed(tenants, ids, timestamps),
        ("labels", _LABELS, Ragged(offsets, (Coded(list(names), codes), [value for _, value in flat]))),
        ("value", "Float64", values),
    ]
    return Rows.of("exemplars_raw", columns, len(ids))


def metadata_rows(tenant: str, metadata: Sequence[MetricMetadata]) -> Rows:
    """What a tenant's metrics say of themselves."""
    columns: list[tuple[str, str, Column]] = [
        ("tenant", "LowCardinality(String)", Coded([tenant], np.zeros(len(metadata), dtype=np.uint8))),
        ("metric", "String", [m.metric for m in metadata]),
        ("type", "LowCardinality(String)", coded([m.type for m in metadata])),
        ("unit", "String", [m.unit for m in metadata]),
        ("help", "String", [m.help for m in metadata]),
    ]
    return Rows.of("metadata_raw", columns, len(metadata))


def coded(texts: Sequence[str]) -> Coded:
    """A LowCardinality column of `texts`."""
    keys: dict[str, int] = {}
    codes = np.array([keys.setdefault(text, len(keys)) for text in texts], dtype=np.int64)
    return Coded(list(keys), codes)
