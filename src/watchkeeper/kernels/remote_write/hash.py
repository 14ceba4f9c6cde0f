"""A 128-bit hash of bytes in a padded body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from watchkeeper.kernels.index_keys import mix
from watchkeeper.kernels.kernel import kernel

PRIME_1 = np.uint64(0x9E3779B185EBCA87)
PRIME_2 = np.uint64(0xC2B2AE3D27D4EB4F)
PRIME_3 = np.uint64(0x165667B19E3779F9)


def _load64(_typing: Any, data: Any, at: Any) -> Any:
    signature = types.uint64(data, at)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = context.make_array(sig.args[0])(context, builder, args[0])
        word = context.get_value_type(types.uint64)
        place = builder.gep(array.data, [args[1]], inbounds=True)
        return builder.load(builder.bitcast(place, word.as_pointer()), align=1)

    return signature, generate


load64 = cast(Callable[[NDArray[np.uint8], int], np.uint64], intrinsic(_load64))
"""Eight bytes from a position, the least first, without looking at the array's end."""


@kernel
def turn(x: np.uint64, by: int) -> np.uint64:
    return (x << np.uint64(by)) | (x >> np.uint64(64 - by))


@kernel
def hash128(data: NDArray[np.uint8], at: int, length: int) -> tuple[np.uint64, np.uint64]:
    """A 128-bit hash of a span: four lanes of eight bytes, each word stirring two lanes. Reads 7 bytes beyond it."""
    a, b = PRIME_1, PRIME_2
    c, d = PRIME_3, np.uint64(length)
    end = at + length
    while at + 32 <= end:
        w0, w1, w2, w3 = load64(data, at), load64(data, at + 8), load64(data, at + 16), load64(data, at + 24)
        a = turn(a + w0 * PRIME_2, 31) * PRIME_1 + w1
        b = turn(b + w1 * PRIME_2, 31) * PRIME_1 + w2
        c = turn(c + w2 * PRIME_2, 31) * PRIME_1 + w3
        d = turn(d + w3 * PRIME_2, 31) * PRIME_1 + w0
        at += 32
    while at < end:
        word = load64(data, at)
        if end - at < 8:
            word &= (np.uint64(1) << np.uint64(8 * (end - at))) - np.uint64(1)
        a, b, c, d = b, c, d + word, turn(a + word * PRIME_2, 31) * PRIME_1
        at += 8
    first = mix((a ^ turn(b, 17)) * PRIME_1 + turn(c, 29) ^ d)
    second = mix((c ^ turn(d, 23)) * PRIME_2 + turn(a, 41) ^ b)
    return first, second ^ mix(first + PRIME_3)
