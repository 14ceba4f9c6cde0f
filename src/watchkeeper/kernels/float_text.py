"""Decimal text to float64, correctly rounded.

Short numbers by Clinger's exact multiplication, the others by Eisel and Lemire (D. Lemire, «Number Parsing at a
Gigabyte per Second», 2021, and N. Mushtak, D. Lemire, «Fast Number Parsing Without Fallback», 2023). What lies outside
the table or has more than 19 digits is left to the caller.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

_Q_MIN, _Q_MAX = -80, 80


def _powers_of_five() -> NDArray[np.uint64]:
    """The 128 leading bits of 5^q, truncated (its reciprocal rounded up below 0); shape (161, 2): high, low."""
    table = np.zeros((_Q_MAX - _Q_MIN + 1, 2), dtype=np.uint64)
    for q in range(_Q_MIN, _Q_MAX + 1):
        power = 5 ** abs(q)
        if q < 0:
            z = (power - 1).bit_length()
            bits = (1 << (z + 127 if q >= -27 else 2 * z + 128)) // power + 1
        else:
            bits = power << 128
        bits >>= bits.bit_length() - 128
        table[q - _Q_MIN] = bits >> 64, bits & (1 << 64) - 1
    return table


_FIVES = _powers_of_five()
_TENS = np.array([10.0**i for i in range(23)])
_ZERO, _ONE, _TWO, _THREE = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3)
_TEN = np.uint64(10)
_MASK32 = np.uint64(0xFFFFFFFF)
_S32, _S52, _S63 = np.uint64(32), np.uint64(52), np.uint64(63)
_NINE_BITS = np.uint64(0x1FF)
_HIDDEN = np.uint64(1 << 52)
_EXACT = np.uint64(1 << 53)
_INFINITE = np.uint64(0x7FF << 52)
_ZERO_DIGIT, _NINE = np.uint8(48), np.uint8(9)
_TOO_MUCH = 1_000_000


@kernel
def _product(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The upper and the lower 64 bits of a · b."""
    a0, a1, b0, b1 = a & _MASK32, a >> _S32, b & _MASK32, b >> _S32
    low = a0 * b0
    middle = a1 * b0 + (low >> _S32)
    other = a0 * b1 + (middle & _MASK32)
    return a1 * b1 + (middle >> _S32) + (other >> _S32), a * b


@kernel
def _leading_zeros(x: np.uint64) -> int:
    count = 0
    for step in (32, 16, 8, 4, 2, 1):
        if x >> np.uint64(64 - step) == _ZERO:
            x <<= np.uint64(step)
            count += step
    return count


@kernel
def _eisel_lemire(w: np.uint64, q: int) -> np.uint64:
    """The bits of the float64 nearest to w · 10^q; those of infinity where it is subnormal or overflows."""
    zeros = _leading_zeros(w)
    w <<= np.uint64(zeros)
    high, low = _product(w, _FIVES[q - _Q_MIN, 0])
    if high & _NINE_BITS == _NINE_BITS:
        more, _ = _product(w, _FIVES[q - _Q_MIN, 1])
        low += more
        if low < more:
            high += _ONE
    upper = int(high >> _S63)
    shift = np.uint64(upper + 9)
    mantissa = high >> shift
    exponent = ((217706 * q) >> 16) + 63 + upper - zeros + 1023
    halfway = low <= _ONE and -4 <= q <= 23 and mantissa & _THREE == _ONE
    if halfway and mantissa << shift == high:
        mantissa &= ~_ONE
    mantissa += mantissa & _ONE
    mantissa >>= _ONE
    if mantissa >= _EXACT:
        mantissa = _HIDDEN
        exponent += 1
    if exponent <= 0 or exponent >= 0x7FF:
        return _INFINITE
    return (mantissa & ~_HIDDEN) | (np.uint64(exponent) << _S52)


@kernel
def _word(text: NDArray[np.uint8], at: int, end: int, negative: bool, signed: bool) -> tuple[bool, float]:
    """The number that `Inf` or `NaN`, spelt just so, stands for at text[at:end]."""
    if end - at != 3:
        return False, 0.0
    a, b, c = text[at], text[at + 1], text[at + 2]
    if a == 73 and b == 110 and c == 102:
        return True, -np.inf if negative else np.inf
    return a == 78 and b == 97 and c == 78 and not signed, np.nan


@kernel
def _exponent(text: NDArray[np.uint8], at: int, end: int) -> int:
    """The number behind an `e` at text[at:end]; a million where it is not plain."""
    minus = at < end and text[at] == 45
    if minus or (at < end and text[at] == 43):
        at += 1
    if at >= end or end - at > 4:
        return _TOO_MUCH
    e = 0
    for i in range(at, end):
        digit = int(text[i]) - 48
        if digit < 0 or digit > 9:
            return _TOO_MUCH
        e = e * 10 + digit
    return -e if minus else e


@kernel
def _scaled(w: np.uint64, q: int) -> tuple[bool, float]:
    """w · 10^q, correctly rounded, where that is certain."""
    if w <= _EXACT and -22 <= q <= 22:
        value = float(w)
        return True, value * _TENS[q] if q >= 0 else value / _TENS[-q]
    if q < _Q_MIN or q > _Q_MAX:
        return w == _ZERO, 0.0
    if w == _ZERO:
        return True, 0.0
    bits = _eisel_lemire(w, q)
    return bits != _INFINITE, np.uint64(bits).view(np.float64)


@kernel
def read_float(text: NDArray[np.uint8], at: int, end: int) -> tuple[bool, float]:
    """The number that text[at:end] spells, and before it whether that is certain.

    Certain are `[+-]digits[.digits][e[+-]digits]`, `[+-]Inf` and `NaN`; for anything else the caller must look closer.
    """
    if at >= end:
        return False, 0.0
    negative = text[at] == 45
    signed = negative or text[at] == 43
    at += signed
    start = at
    w = _ZERO
    first = at
    while at < end:
        digit = text[at] - _ZERO_DIGIT
        if digit > _NINE:
            break
        w = w * _TEN + np.uint64(digit)
        at += 1
    digits, q = at - first, 0
    if at < end and text[at] == 46:
        at += 1
        first = at
        while at < end:
            digit = text[at] - _ZERO_DIGIT
            if digit > _NINE:
                break
            w = w * _TEN + np.uint64(digit)
            at += 1
        q = first - at
        digits -= q
    if digits == 0:
        return _word(text, at, end, negative, signed)
    if digits > 19:
        while text[start] == 48 or text[start] == 46:
            digits -= text[start] == 48
            start += 1
        if digits > 19:
            return False, 0.0
    if at < end:
        if text[at] != 101 and text[at] != 69:
            return False, 0.0
        e = _exponent(text, at + 1, end)
        if e == _TOO_MUCH:
            return False, 0.0
        q += e
    sure, value = _scaled(w, q)
    return sure, -value if negative else value
