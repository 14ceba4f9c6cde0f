"""The shortest decimal that reads back as the same float64.

Digits by Schubfach (Raffaello Giulietti, «The Schubfach way to render doubles», 2021); the layout is that of
Prometheus' HTTP API: plain digits, and an exponent of at least two digits below 1e-6 and from 1e21 on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.kernel import kernel

LONGEST = 32
"""No float64 needs more bytes than this."""

_K_MIN, _K_MAX = -292, 324


def _powers() -> NDArray[np.uint64]:
    """The 128 leading bits of 10^k, rounded up, for k from −292 to 324; shape (617, 2): high, low."""
    table = np.zeros((_K_MAX - _K_MIN + 1, 2), dtype=np.uint64)
    for k in range(_K_MIN, _K_MAX + 1):
        if k >= 0:
            power = 10**k
            shift = power.bit_length() - 128
            bits = power << -shift if shift <= 0 else -(-power >> shift)
        else:
            power = 10**-k
            shift = power.bit_length() + 127
            bits = -(-(1 << shift) // power)
            if bits.bit_length() > 128:
                bits = -(-(1 << (shift - 1)) // power)
        table[k - _K_MIN] = bits >> 64, bits & (1 << 64) - 1
    return table


_POWERS = _powers()
_MASK32 = np.uint64(0xFFFFFFFF)
_ONE = np.uint64(1)
_TWO = np.uint64(2)
_FOUR = np.uint64(4)
_TEN = np.uint64(10)
_FORTY = np.uint64(40)
_S32 = np.uint64(32)


@kernel
def _high_product(a: np.uint64, b: np.uint64) -> np.uint64:
    """The upper 64 bits of a · b."""
    a0, a1, b0, b1 = a & _MASK32, a >> _S32, b & _MASK32, b >> _S32
    low = a0 * b0
    middle = a1 * b0 + (low >> _S32)
    other = a0 * b1 + (middle & _MASK32)
    return a1 * b1 + (middle >> _S32) + (other >> _S32)


@kernel
def _round_to_odd(high: np.uint64, low: np.uint64, c: np.uint64) -> np.uint64:
    """The upper 64 bits of (high, low) · c, its lowest bit set where anything was cut off."""
    x1 = _high_product(low, c)
    y0 = high * c
    y1 = _high_product(high, c)
    total = y0 + x1
    if total < y0:
        y1 += _ONE
    return y1 | np.uint64(total > _ONE)


@kernel
def shortest(bits: np.uint64) -> tuple[np.uint64, int]:
    """Digits d and exponent k so that d · 10^k is the shortest decimal of a finite positive float64 with these bits."""
    fraction = bits & np.uint64((1 << 52) - 1)
    exponent = int((bits >> np.uint64(52)) & np.uint64(0x7FF))
    if exponent != 0:
        c = fraction | np.uint64(1 << 52)
        q = exponent - 1075
        if -53 < q <= 0 and (c & ((_ONE << np.uint64(-q)) - _ONE)) == np.uint64(0):
            return c >> np.uint64(-q), 0
    else:
        c = fraction
        q = -1074
    odd = c & _ONE
    closer = fraction == np.uint64(0) and exponent > 1
    k = (q * 1262611 - (524031 if closer else 0)) >> 22
    h = np.uint64(q + ((-k * 1741647) >> 19) + 1)
    high, low = _POWERS[-k - _K_MIN, 0], _POWERS[-k - _K_MIN, 1]
    middle = _FOUR * c
    lower = _round_to_odd(high, low, (middle - (_ONE if closer else _TWO)) << h) + odd
    value = _round_to_odd(high, low, middle << h)
    upper = _round_to_odd(high, low, (middle + _TWO) << h) - odd
    s = value // _FOUR
    if s >= _TEN:
        tens = s // _TEN
        down = lower <= _FORTY * tens
        up = _FORTY * tens + _FORTY <= upper
        if down != up:
            return tens + np.uint64(up), k + 1
    down = lower <= _FOUR * s
    up = _FOUR * s + _FOUR <= upper
    if down != up:
        return s + np.uint64(up), k
    half = _FOUR * s + _TWO
    round_up = value > half or (value == half and (s & _ONE) != np.uint64(0))
    return s + np.uint64(round_up), k


@kernel
def _write_digits(out: NDArray[np.uint8], at: int, digits: np.uint64, count: int) -> None:
    for i in range(at + count - 1, at - 1, -1):
        quotient = digits // _TEN
        out[i] = 48 + int(digits - quotient * _TEN)
        digits = quotient


@kernel
def _write_word(out: NDArray[np.uint8], at: int, a: int, b: int, c: int) -> int:
    out[at], out[at + 1], out[at + 2] = a, b, c
    return at + 3


@kernel
def _write_exponent(out: NDArray[np.uint8], at: int, digits: np.uint64, count: int, exponent: int) -> int:
    """Write d.ddde±xx."""
    if count > 1:
        _write_digits(out, at + 1, digits, count)
        out[at] = out[at + 1]
        out[at + 1] = 46
        at += count + 1
    else:
        out[at] = 48 + int(digits)
        at += 1
    out[at], out[at + 1] = 101, 45 if exponent < 0 else 43
    width = 3 if abs(exponent) >= 100 else 2
    _write_digits(out, at + 2, np.uint64(abs(exponent)), width)
    return at + 2 + width


@kernel
def write_float(out: NDArray[np.uint8], at: int, value: float, bits: np.uint64) -> int:
    """Write `value` (whose bits are `bits`) at out[at:] and return the place behind it; `NaN`, `+Inf`, `-Inf`."""
    if value != value:
        return _write_word(out, at, 78, 97, 78)
    if np.isinf(value):
        out[at] = 45 if value < 0 else 43
        return _write_word(out, at + 1, 73, 110, 102)
    if bits >> np.uint64(63):
        out[at] = 45
        at += 1
        bits &= np.uint64(0x7FFFFFFFFFFFFFFF)
    if bits == np.uint64(0):
        out[at] = 48
        return at + 1
    digits, k = shortest(bits)
    while digits % _TEN == np.uint64(0):
        digits //= _TEN
        k += 1
    count = 1
    rest = digits // _TEN
    while rest:
        rest //= _TEN
        count += 1
    if count + k < -5 or count + k > 21:
        return _write_exponent(out, at, digits, count, k + count - 1)
    if k >= 0:
        _write_digits(out, at, digits, count)
        for i in range(at + count, at + count + k):
            out[i] = 48
        return at + count + k
    if count > -k:
        whole = count + k
        _write_digits(out, at + 1, digits, count)
        for i in range(at, at + whole):
            out[i] = out[i + 1]
        out[at + whole] = 46
        return at + count + 1
    out[at], out[at + 1] = 48, 46
    for i in range(at + 2, at + 2 - k - count):
        out[i] = 48
    _write_digits(out, at + 2 - k - count, digits, count)
    return at + 2 - k


@kernel
def write_floats(values: NDArray[np.float64], bits: NDArray[np.uint64], out: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Write each of n values into its own `LONGEST` bytes of `out`; returns the places behind them, shape (n,)."""
    ends = np.empty(values.shape[0], dtype=np.int64)
    for i in range(values.shape[0]):
        ends[i] = write_float(out, i * LONGEST, values[i], bits[i])
    return ends


@kernel
def write_seconds(out: NDArray[np.uint8], at: int, ms: int) -> int:
    """Write a time in ms as seconds with as many decimals as it needs, and return the place behind it."""
    if ms < 0:
        out[at] = 45
        at += 1
        ms = -ms
    whole, rest = ms // 1000, ms % 1000
    count = 1
    left = whole // 10
    while left:
        left //= 10
        count += 1
    _write_digits(out, at, np.uint64(whole), count)
    at += count
    if rest == 0:
        return at
    out[at] = 46
    _write_digits(out, at + 1, np.uint64(rest), 3)
    return at + 4


@kernel
def samples_json(
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    bits: NDArray[np.uint64],
    present: NDArray[np.bool_],
    out: NDArray[np.uint8],
) -> int:
    """Write one series' `[t,"v"],[t,"v"]…` where `present`; returns the bytes written, or −1 where `out` is too small.

    `times` ms, `values`, `bits` (the same values' bits) and `present` have shape (s,).
    """
    at = 0
    limit = out.shape[0] - LONGEST - 24
    for i in range(times.shape[0]):
        if not present[i]:
            continue
        if at > limit:
            return -1
        if at:
            out[at] = 44
            at += 1
        out[at] = 91
        at = write_seconds(out, at + 1, times[i])
        out[at], out[at + 1] = 44, 34
        at = write_float(out, at + 2, values[i], bits[i])
        out[at], out[at + 1] = 34, 93
        at += 2
    return at
