"""What one commit is in the log: samples as columns by storage id, everything else as the blocks of its tables."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from watchkeeper.store.failure import StoreFailure
from watchkeeper.store.gathered import Gathered
from watchkeeper.store.native import Coded, constant
from watchkeeper.store.rows import Rows


class Samples(msgspec.Struct, array_like=True, frozen=True):
    """Float samples (m,) as little-endian columns; `codes` (int32) point into `tenants`, empty where there is one.

    `starts` is empty where no sample has a start timestamp.
    """

    tenants: list[str]
    codes: memoryview
    series: memoryview
    timestamps: memoryview
    values: memoryview
    starts: memoryview


class Part(msgspec.Struct, array_like=True, frozen=True):
    """A Native block for a table; blocks of one `partition` may be stored together."""

    table: str
    columns: list[str]
    partition: str
    block: memoryview
    rows: int


class Record(msgspec.Struct, array_like=True, frozen=True):
    """A commit."""

    samples: Samples | None
    parts: list[Part]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


def encode(record: Record) -> bytes:
    """The record's bytes."""
    return _encoder.encode(record)


def decode(data: bytes | memoryview) -> Record:
    """The record of `data`, whose memory it shares. Raises StoreFailure for what no record is."""
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise StoreFailure(f"the log holds what is no record: {error}", retryable=False) from error


def samples_of(floats: Gathered, ids: NDArray[np.uint64]) -> Samples | None:
    """The columns of float samples whose storage ids are `ids`."""
    if not len(floats):
        return None
    tenants = floats.tenants
    one = len(tenants.keys) == 1
    return Samples(
        tenants.keys,
        memoryview(b"") if one else _bytes(tenants.codes.astype("<i4")),
        _bytes(ids),
        _bytes(floats.timestamps),
        _bytes(floats.values),
        _bytes(floats.starts) if floats.starts.any() else memoryview(b""),
    )


def part_of(rows: Rows, partition: str = "") -> Part:
    """A block of a table."""
    return Part(rows.table, rows.columns, partition, memoryview(rows.block), rows.rows)


def column(parts: Sequence[memoryview], dtype: str) -> NDArray[np.generic]:
    """Columns of several records as one."""
    # Always a copy: what shares the file's memory is read-only, for which kernels would be compiled again.
    return np.concatenate([np.frombuffer(part, dtype=dtype) for part in parts])


def starts_of(samples: Sequence[Samples]) -> NDArray[np.int64] | None:
    """The start timestamps of several records (0: none), None where no sample has one."""
    if not any(len(s.starts) for s in samples):
        return None
    parts = [
        np.frombuffer(s.starts, dtype="<i8") if len(s.starts) else np.zeros(len(s.series) // 8, dtype=np.int64)
        for s in samples
    ]
    return np.concatenate(parts)


def tenants_of(samples: Sequence[Samples]) -> Coded:
    """The tenants of several records as one column."""
    names = sorted({name for s in samples for name in s.tenants})
    if len(names) == 1:
        return constant(names[0], sum(len(s.series) // 8 for s in samples))
    parts: list[NDArray[np.int32]] = []
    for s in samples:
        table = np.array([names.index(name) for name in s.tenants], dtype=np.int32)
        size = len(s.series) // 8
        parts.append(table[np.frombuffer(s.codes, dtype="<i4")] if len(s.codes) else np.repeat(table[:1], size))
    return Coded(names, np.concatenate(parts))


def _bytes(array: NDArray[np.generic]) -> memoryview:
    return np.ascontiguousarray(array).data.cast("B")
