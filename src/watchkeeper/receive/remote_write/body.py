"""A request's body, unpacked into a padded buffer that the kernels may read beyond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cramjam
import numpy as np
from numpy.typing import NDArray

from watchkeeper.receive.remote_write.failure import Malformed, TooLarge

_PADDING = 64


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The largest body, packed and unpacked, in bytes."""

    packed_bytes: int = 32 << 20
    unpacked_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Body:
    """`size` bytes of a message at the begin of `data`, which is a little longer."""

    data: NDArray[np.uint8]
    size: int

    @classmethod
    def of(cls, message: bytes) -> Body:
        """The body of a message that is not packed."""
        data = np.zeros(len(message) + _PADDING, dtype=np.uint8)
        data[: len(message)] = np.frombuffer(message, dtype=np.uint8)
        return cls(data, len(message))

    def part(self, begin: int, end: int) -> bytes:
        """The bytes [begin, end)."""
        return self.data[begin:end].tobytes()


def unpack(packed: bytes, limits: BodyLimits) -> Body:
    """Undo Snappy's block format, whose declared length is believed only below the limit.

    Raises TooLarge (413) or Malformed (400).
    """
    if len(packed) > limits.packed_bytes:
        raise TooLarge(f"the body has {len(packed)} bytes, of {limits.packed_bytes} allowed")
    size = _declared(packed)
    if size > limits.unpacked_bytes:
        raise TooLarge(f"the body unpacks to {size} bytes, of {limits.unpacked_bytes} allowed")
    # Three bytes of Snappy can stand for 64 of text at the most: what declares more is not worth the memory.
    if size > 64 + 32 * len(packed):
        raise Malformed(f"snappy: {len(packed)} bytes cannot unpack to the declared {size}")
    data = np.empty(size + _PADDING, dtype=np.uint8)
    try:
        written = cramjam.snappy.decompress_raw_into(packed, cast(bytearray, data[:size])) if size else 0
    except cramjam.DecompressionError as error:
        raise Malformed(f"snappy: decompress failed: {error}") from None
    if written != size:
        raise Malformed(f"snappy: the body unpacks to {written} bytes, not to the declared {size}")
    data[size:] = 0
    return Body(data, size)


def _declared(packed: bytes) -> int:
    """The unpacked length that a Snappy block begins with, a varint of 32 bits."""
    size = 0
    for position, byte in enumerate(packed[:5]):
        size |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            if size >= 1 << 32:
                break
            return size
    raise Malformed("snappy: the body does not begin with the length that it unpacks to")
