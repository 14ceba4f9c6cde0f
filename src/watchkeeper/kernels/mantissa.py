"""Float64 values as a whole number and a power of ten, which compress far better than the float's bits.

Most measured values are short decimals (counts, bytes, seconds to a few places). Such a value is stored as
`mantissa` and `exponent` with value == mantissa / 10**exponent exactly, bit for bit: a mantissa below 2**53 and 10**15
are both exact in a float64, and one division rounds correctly. Every other value (NaN with its bits, infinities,
−0.0, long fractions) has the exponent −1 and its own bits as mantissa.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

BITS = -1
"""The exponent that says «the mantissa holds the float's bits»."""
MOST_PLACES = 15
_UNSETTLED = 32
_POWERS = np.array([10.0**e for e in range(MOST_PLACES + 1)])
_LARGEST = 2.0**53


@kernel
def encode(
    values: NDArray[np.float64],
    refs: NDArray[np.int32],
    places: NDArray[np.int8],
    mantissas: NDArray[np.int64],
    exponents: NDArray[np.int8],
) -> None:
    """Split `values` (m,) of series `refs` into `mantissas` and `exponents` (m,).

    `places` (by ref) remembers the decimal places that a series needs, so that neighbouring mantissas share one
    scale and their differences are small; from `_UNSETTLED` on, the series' last value was no short decimal and only
    its known scale is tried.
    """
    bits = values.view(np.int64)
    for i in range(len(values)):
        value = values[i]
        mantissas[i] = bits[i]
        exponents[i] = BITS
        # Comparisons with NaN are false: NaN, infinities and what is too large keep their bits.
        if not abs(value) < _LARGEST or (value == 0.0 and bits[i] != 0):
            continue
        known = places[refs[i]]
        if known == 0 and np.rint(value) == value:
            mantissas[i] = np.int64(value)
            exponents[i] = 0
            continue
        first = known & 31
        last = first if known >= _UNSETTLED else MOST_PLACES
        for exponent in range(first, last + 1):
            scaled = np.rint(value * _POWERS[exponent])
            if not abs(scaled) < _LARGEST:
                break
            if scaled / _POWERS[exponent] == value:
                mantissas[i] = np.int64(scaled)
                exponents[i] = exponent
                break
        places[refs[i]] = first | _UNSETTLED if exponents[i] == BITS else exponents[i]


@kernel
def decode(mantissas: NDArray[np.int64], exponents: NDArray[np.int8], values: NDArray[np.float64]) -> None:
    """Put the values that `encode` split back together into `values` (m,), bit for bit."""
    bits = values.view(np.int64)
    for i in range(len(values)):
        exponent = exponents[i]
        if exponent == 0:
            values[i] = mantissas[i]
        elif exponent < 0:
            bits[i] = mantissas[i]
        else:
            values[i] = mantissas[i] / _POWERS[exponent]
