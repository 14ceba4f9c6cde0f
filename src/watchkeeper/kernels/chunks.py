"""Samples as the bits of Prometheus' XOR chunks, and the checksum of the frames that carry them.

Source: the public description of the chunk formats (Prometheus' `tsdb/docs/format/chunks.md`); CRC-32C as in RFC 3720.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

LARGEST_SAMPLE = 20
"""Bytes that one sample can take at the most; a chunk takes two more."""
_NO_WINDOW = 255


@kernel
def _put(out: NDArray[np.uint8], at: int, value: np.uint64, bits: int) -> int:
    """Write the low `bits` bits of `value` at bit `at`; the bit after them."""
    for i in range(bits - 1, -1, -1):
        if (value >> np.uint64(i)) & np.uint64(1):
            out[at >> 3] |= np.uint8(128 >> (at & 7))
        at += 1
    return at


@kernel
def _put_varint(out: NDArray[np.uint8], at: int, value: np.uint64) -> int:
    while value >= np.uint64(128):
        at = _put(out, at, (value & np.uint64(127)) | np.uint64(128), 8)
        value >>= np.uint64(7)
    return _put(out, at, value, 8)


@kernel
def _put_change(out: NDArray[np.uint8], at: int, change: int) -> int:
    """The change of the distance between timestamps."""
    if change == 0:
        return _put(out, at, np.uint64(0), 1)
    prefix, prefix_bits, bits = 15, 4, 64
    if -((1 << 13) - 1) <= change <= 1 << 13:
        prefix, prefix_bits, bits = 2, 2, 14
    elif -((1 << 16) - 1) <= change <= 1 << 16:
        prefix, prefix_bits, bits = 6, 3, 17
    elif -((1 << 19) - 1) <= change <= 1 << 19:
        prefix, prefix_bits, bits = 14, 4, 20
    at = _put(out, at, np.uint64(prefix), prefix_bits)
    return _put(out, at, np.uint64(change), bits)


@kernel
def _leading(value: np.uint64) -> int:
    zeros = 0
    while zeros < 64 and not (value >> np.uint64(63 - zeros)) & np.uint64(1):
        zeros += 1
    return zeros


@kernel
def _trailing(value: np.uint64) -> int:
    zeros = 0
    while zeros < 64 and not (value >> np.uint64(zeros)) & np.uint64(1):
        zeros += 1
    return zeros


@kernel
def xor_chunk(times: NDArray[np.int64], bits: NDArray[np.uint64], out: NDArray[np.uint8]) -> int:
    """Write samples (timestamps in ms, values' bits; both (n,), 0 < n < 65536) as one XOR chunk; the bytes written.

    `out` has room for 2 + n × LARGEST_SAMPLE bytes, all zero.
    """
    at = _put(out, 0, np.uint64(len(times)), 16)
    first = times[0]
    at = _put_varint(out, at, np.uint64((first << 1) ^ (first >> 63)))
    at = _put(out, at, bits[0], 64)
    distance = 0
    leading, trailing = _NO_WINDOW, 0
    for i in range(1, len(times)):
        now = times[i] - times[i - 1]
        at = _put_varint(out, at, np.uint64(now)) if i == 1 else _put_change(out, at, now - distance)
        distance = now
        changed = bits[i] ^ bits[i - 1]
        if changed == np.uint64(0):
            at = _put(out, at, np.uint64(0), 1)
            continue
        before, after = min(_leading(changed), 31), _trailing(changed)
        if leading != _NO_WINDOW and before >= leading and after >= trailing:
            at = _put(out, at, np.uint64(2), 2)
        else:
            leading, trailing = before, after
            at = _put(out, at, np.uint64(3), 2)
            at = _put(out, at, np.uint64(leading), 5)
            at = _put(out, at, np.uint64((64 - leading - trailing) & 63), 6)
        at = _put(out, at, changed >> np.uint64(trailing), 64 - leading - trailing)
    return (at + 7) >> 3


@kernel
def crc32c(data: NDArray[np.uint8]) -> int:
    """The CRC-32C (Castagnoli) of some bytes."""
    table = np.zeros(256, dtype=np.uint32)
    for n in range(256):
        value = np.uint32(n)
        for _ in range(8):
            value = (value >> np.uint32(1)) ^ (np.uint32(0x82F63B78) if value & np.uint32(1) else np.uint32(0))
        table[n] = value
    crc = np.uint32(0xFFFFFFFF)
    for byte in data:
        crc = table[(crc ^ np.uint32(byte)) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    return int(crc ^ np.uint32(0xFFFFFFFF))
