"""Protobuf's wire format: varints, tags and spans, read from a padded body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel
from watchkeeper.kernels.remote_write.hash import load64


@kernel
def signed(value: np.uint64) -> int:
    return np.int64(value)  # pyright: ignore[reportReturnType]  # Numba has one kind of integer for both


@kernel
def varint(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.uint64, int]:
    """A varint's value and the position behind it, −1 where it is cut off or too long."""
    if at < end and data[at] < 0x80:
        return np.uint64(data[at]), at + 1
    value = np.uint64(0)
    shift = 0
    while at < end and shift < 70:
        byte = np.uint64(data[at])
        at += 1
        if shift < 64:
            value |= (byte & np.uint64(0x7F)) << np.uint64(shift)
        if byte < np.uint64(0x80):
            return value, at
        shift += 7
    return value, -1


@kernel
def read_span(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Begin and end of a length-delimited field whose length stands at `at`; −1 as begin where it leaves `end`."""
    length, begin = varint(data, at, end)
    if begin < 0 or length > np.uint64(end - begin):
        return -1, -1
    return begin, begin + signed(length)


@kernel
def skip(data: NDArray[np.uint8], at: int, end: int, wire: int) -> int:
    """The position behind a field's value of a wire type, −1 where there is none."""
    if wire == 0:
        return varint(data, at, end)[1]
    if wire == 1:
        return at + 8 if at + 8 <= end else -1
    if wire == 2:
        return read_span(data, at, end)[1]
    if wire == 5:
        return at + 4 if at + 4 <= end else -1
    return -1


@kernel
def content(data: NDArray[np.uint8], at: int, end: int, wire: int) -> tuple[int, int]:
    """Begin and end of a field's content behind its tag; −1 as end where it is malformed, or `at` is −1 already."""
    if at < 0:
        return -1, -1
    if wire == 2:
        return read_span(data, at, end)
    return at, skip(data, at, end, wire)


@kernel
def read_tag(data: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """A field's tag and the position behind it, −1 where it is none that protobuf allows."""
    tag, at = varint(data, at, end)
    if at < 0 or tag < np.uint64(8) or tag > np.uint64(0xFFFFFFFF):
        return 0, -1
    return signed(tag), at


@kernel
def count_fields(data: NDArray[np.uint8], size: int, wanted: int, other: int) -> tuple[int, int]:
    """How often two top-level tags stand in a body; −1 where the body is malformed."""
    at, n, m = 0, 0, 0
    while at < size:
        tag, at = read_tag(data, at, size)
        if at < 0:
            return -1, -1
        at = skip(data, at, size, tag & 7)
        if at < 0:
            return -1, -1
        if tag == wanted:
            n += 1
        elif tag == other:
            m += 1
    return n, m


@kernel
def read_sample(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.uint64, int, int, bool]:
    """A Sample message: the value's bits, the timestamp, the start timestamp, and whether it is well-formed."""
    bits, time, start = np.uint64(0), 0, 0
    if end - at >= 11 and data[at] == 0x09 and data[at + 9] == 0x10:
        value, behind = varint(data, at + 10, end)
        if behind == end:
            return load64(data, at + 1), signed(value), start, True
    while at < end:
        tag, at = read_tag(data, at, end)
        if at < 0:
            return bits, time, start, False
        if tag == 0x09:
            if at + 8 > end:
                return bits, time, start, False
            bits = load64(data, at)
            at += 8
        elif tag == 0x10 or tag == 0x18:
            value, at = varint(data, at, end)
            if tag == 0x10:
                time = signed(value)
            else:
                start = signed(value)
        else:
            at = skip(data, at, end, tag & 7)
        if at < 0:
            return bits, time, start, False
    return bits, time, start, True
