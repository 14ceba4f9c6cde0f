"""ClickHouse's Native format, as far as our own tables need it: columns to and from NumPy arrays.

Source: the documented Native format (blocks of columns, each with name, type and its bulk serialisation) as the HTTP
interface speaks it, that is without a client protocol version.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from watchkeeper.store.failure import StoreFailure


@dataclass(frozen=True, slots=True)
class Coded:
    """A LowCardinality(String) column: `codes` (integers, shape (n,)) point into `keys`."""

    keys: list[str]
    codes: NDArray[np.integer]

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Coded:
        """Some of the rows."""
        return Coded(self.keys, self.codes[rows])


@dataclass(frozen=True, slots=True)
class Ragged:
    """An Array (one inner column) or a Map (keys and values): row i owns inner rows offsets[i]:offsets[i+1]."""

    offsets: NDArray[np.int64]
    columns: tuple[Column, ...]


Column: TypeAlias = "NDArray[np.generic] | list[str] | Coded | Ragged"


@dataclass(frozen=True, slots=True)
class Block:
    """Named columns of one length."""

    rows: int
    columns: dict[str, Column]

    def array(self, name: str) -> NDArray[np.generic]:
        """A numeric column; times are int64 ticks."""
        if not self.rows:  # an answer without rows may come without columns, too
            return np.zeros(0, dtype=np.int64)
        return cast("NDArray[np.generic]", self.columns[name])

    def strings(self, name: str) -> list[str]:
        """A text column, plain or LowCardinality."""
        if not self.rows:
            return []
        column = self.columns[name]
        if isinstance(column, Coded):
            return [column.keys[code] for code in column.codes.tolist()]
        return cast("list[str]", column)

    def ragged(self, name: str) -> Ragged:
        """An Array or Map column."""
        return cast(Ragged, self.columns[name])


_NUMBERS: dict[str, str] = {
    "UInt8": "u1", "UInt16": "<u2", "UInt32": "<u4", "UInt64": "<u8",
    "Int8": "i1", "Int16": "<i2", "Int32": "<i4", "Int64": "<i8",
    "Float32": "<f4", "Float64": "<f8", "Bool": "u1", "Date": "<u2", "DateTime": "<u4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Type:
    """A parsed type name: `kind` is number, string, fixed, coded, array or map."""

    kind: str
    dtype: np.dtype[np.generic] | None = None
    inner: tuple[_Type, ...] = ()


@functools.lru_cache(maxsize=256)
def _type(name: str) -> _Type:
    """What the type's name stands for; raises StoreFailure for one that our tables do not use."""
    head, _, rest = name.partition("(")
    inner = rest[:-1]
    if head in _NUMBERS:
        return _Type("number", np.dtype(_NUMBERS[head]))
    if head == "DateTime64":
        return _Type("number", np.dtype("<i8"))
    if head == "Enum8":
        return _Type("number", np.dtype("i1"))
    if name == "String":
        return _Type("string")
    if head == "FixedString":
        return _Type("fixed", np.dtype(f"S{int(inner)}"))
    if name == "LowCardinality(String)":
        return _Type("coded")
    if head == "SimpleAggregateFunction":
        return _type(inner.partition(", ")[2])
    if head == "Array":
        return _Type("array", None, (_type(inner),))
    if head == "Map":
        key, value = _split(inner)
        return _Type("map", None, (_type(key), _type(value)))
    raise StoreFailure(f"the store's codec does not know the column type {name}", retryable=False)


def _split(inner: str) -> tuple[str, str]:
    """The two types between a Map's brackets."""
    depth = 0
    for at, char in enumerate(inner):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            return inner[:at], inner[at + 1 :].strip()
    raise StoreFailure(f"a Map of one type: {inner}", retryable=False)


class _Reader:
    """A cursor over a Native answer."""

    __slots__ = ("at", "view")

    def __init__(self, data: bytes | memoryview) -> None:
        self.view = memoryview(data)
        self.at = 0

    def varint(self) -> int:
        shift = value = 0
        while True:
            byte = self.view[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def text(self) -> str:
        size = self.varint()
        self.at += size
        return str(self.view[self.at - size : self.at], "utf-8", "surrogateescape")

    def array(self, dtype: np.dtype[np.generic], count: int) -> NDArray[np.generic]:
        array = np.frombuffer(self.view, dtype, count, self.at)
        self.at += array.nbytes
        return array

    def u64(self) -> int:
        (value,) = struct.unpack_from("<Q", self.view, self.at)
        self.at += 8
        return value


def decode(data: bytes | memoryview) -> Block:
    """The whole answer as one block. Raises StoreFailure where the bytes end too early."""
    return _concatenate(pieces(data))


def pieces(data: bytes | memoryview) -> list[Block]:
    """The answer's blocks as they came; numeric columns share memory with `data`.

    Raises StoreFailure where the bytes end too early.
    """
    reader = _Reader(data)
    blocks: list[Block] = []
    try:
        while reader.at < len(reader.view):
            blocks.append(_block(reader))
    except (IndexError, ValueError, struct.error) as error:
        raise StoreFailure(f"the engine's answer ended early, after {reader.at} bytes", retryable=True) from error
    return blocks


def _block(reader: _Reader) -> Block:
    width, rows = reader.varint(), reader.varint()
    columns: dict[str, Column] = {}
    for _ in range(width):
        name, type_ = reader.text(), _type(reader.text())
        if rows:
            _skip_prefix(reader, type_)
        columns[name] = _column(reader, type_, rows)
    return Block(rows, columns)


def _skip_prefix(reader: _Reader, type_: _Type) -> None:
    """Pass over the version numbers that LowCardinality columns write before any data."""
    if type_.kind == "coded":
        reader.at += 8
    for inner in type_.inner:
        _skip_prefix(reader, inner)


def _column(reader: _Reader, type_: _Type, rows: int) -> Column:
    if type_.dtype is not None:
        return reader.array(type_.dtype, rows)
    if type_.kind == "string":
        return [reader.text() for _ in range(rows)]
    if type_.kind == "coded":
        return _coded(reader, rows)
    ends = reader.array(np.dtype("<u8"), rows)
    offsets = np.zeros(rows + 1, dtype=np.int64)
    offsets[1:] = ends
    return Ragged(offsets, tuple(_column(reader, inner, int(offsets[-1])) for inner in type_.inner))


def _coded(reader: _Reader, rows: int) -> Coded:
    if rows == 0:
        return Coded([], np.zeros(0, dtype=np.uint8))
    width = reader.u64() & 0xFF
    keys = [reader.text() for _ in range(reader.u64())]
    return Coded(keys, cast("NDArray[np.integer]", reader.array(np.dtype(f"<u{1 << width}"), reader.u64())))


def _concatenate(blocks: list[Block]) -> Block:
    full = [block for block in blocks if block.rows] or blocks[:1]
    if len(full) <= 1:
        return full[0] if full else Block(0, {})
    rows = sum(block.rows for block in full)
    return Block(rows, {name: _join([block.columns[name] for block in full]) for name in full[0].columns})


def _join(parts: Sequence[Column]) -> Column:
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(cast("list[NDArray[np.generic]]", list(parts)))
    if isinstance(first, list):
        return [text for part in cast("Sequence[list[str]]", parts) for text in part]
    if isinstance(first, Coded):
        return _join_coded(cast("Sequence[Coded]", parts))
    ragged = cast("Sequence[Ragged]", parts)
    lengths = np.concatenate([np.diff(part.offsets) for part in ragged])
    offsets = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(lengths)))
    return Ragged(offsets, tuple(_join([part.columns[i] for part in ragged]) for i in range(len(first.columns))))


def _join_coded(parts: Sequence[Coded]) -> Coded:
    place: dict[str, int] = {}
    codes: list[NDArray[np.int64]] = []
    for part in parts:
        table = np.fromiter((place.setdefault(key, len(place)) for key in part.keys), np.int64, len(part.keys))
        codes.append(table[part.codes] if len(table) else np.zeros(0, dtype=np.int64))
    return Coded(list(place), np.concatenate(codes))


def encode(columns: Sequence[tuple[str, str, Column]], rows: int) -> bytes:
    """One block of `rows` rows; each column is (name, type, values)."""
    out: list[bytes | memoryview] = [_varint(len(columns)), _varint(rows)]
    for name, type_name, column in columns:
        out += (_text(name), _text(type_name))
        type_ = _type(type_name)
        if rows:
            _write_prefix(out, type_)
        _write(out, type_, column)
    return b"".join(out)


def _write_prefix(out: list[bytes | memoryview], type_: _Type) -> None:
    if type_.kind == "coded":
        out.append(struct.pack("<Q", 1))
    for inner in type_.inner:
        _write_prefix(out, inner)


def _write(out: list[bytes | memoryview], type_: _Type, column: Column) -> None:
    if type_.dtype is not None:
        out.append(np.ascontiguousarray(cast("NDArray[np.generic]", column), dtype=type_.dtype).data.cast("B"))
    elif type_.kind == "string":
        out.extend(_text(text) for text in cast("list[str]", column))
    elif type_.kind == "coded":
        _write_coded(out, cast(Coded, column))
    else:
        ragged = cast(Ragged, column)
        out.append(ragged.offsets[1:].astype("<u8").tobytes())
        for inner, values in zip(type_.inner, ragged.columns, strict=True):
            _write(out, inner, values)


def _write_coded(out: list[bytes | memoryview], column: Coded) -> None:
    if len(column.codes) == 0:
        return
    width = 0 if len(column.keys) <= 1 << 8 else 1 if len(column.keys) <= 1 << 16 else 2
    # 1 << 9: the dictionary travels with the block; 1 << 10: it replaces the one before.
    out.append(struct.pack("<QQ", width | 1 << 9 | 1 << 10, len(column.keys)))
    out.extend(_text(key) for key in column.keys)
    out.append(struct.pack("<Q", len(column.codes)))
    out.append(column.codes.astype(f"<u{1 << width}").tobytes())


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return _varint(len(data)) + data


def _varint(value: int) -> bytes:
    if value < 128:
        return bytes((value,))
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def constant(text: str, rows: int) -> Coded:
    """A LowCardinality column that holds `text` in every row."""
    return Coded([text], np.zeros(rows, dtype=np.uint8))
