"""Samples as chunks: XOR chunks of floats, and float histogram chunks of one sample each.

Source: the public description of Prometheus' chunk formats. A histogram chunk of one sample needs none of the formats'
delta encoding; readers take chunks of any length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.chunks import LARGEST_SAMPLE, xor_chunk
from watchkeeper.model.histogram import Buckets, CounterReset, Histogram, to_spans

XOR, FLOAT_HISTOGRAM = 1, 3
_SAMPLES_A_CHUNK = 120
_RESET_FLAGS = {
    CounterReset.UNKNOWN: 0b00,
    CounterReset.NO: 0b01,
    CounterReset.YES: 0b10,
    CounterReset.GAUGE: 0b11,
}
# Bits of a number, and before it as many ones less one as there are sizes before its own, and a zero.
_SIZES = (3, 6, 9, 12, 18, 25, 56)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Encoded samples between two timestamps, ms."""

    first: int
    last: int
    type: int
    data: bytes


def float_chunks(times: NDArray[np.int64], values: NDArray[np.float64]) -> Iterator[Chunk]:
    """XOR chunks of samples of shape (n,)."""
    bits = np.ascontiguousarray(values).view(np.uint64)
    for begin in range(0, len(times), _SAMPLES_A_CHUNK):
        at = slice(begin, begin + _SAMPLES_A_CHUNK)
        part = np.ascontiguousarray(times[at])
        out = np.zeros(2 + len(part) * LARGEST_SAMPLE, dtype=np.uint8)
        size = xor_chunk(part, bits[at], out)
        yield Chunk(int(part[0]), int(part[-1]), XOR, out[:size].tobytes())


def histogram_chunk(time: int, histogram: Histogram) -> Chunk:
    """A chunk of one histogram."""
    bits = _Bits()
    bits.put(1, 16)
    bits.put(_RESET_FLAGS[histogram.reset] << 6, 8)
    _put_layout(bits, histogram)
    bits.put_signed(time)
    for value in (histogram.count, histogram.zero_count, histogram.sum):
        bits.put_float(value)
    for buckets in (histogram.positive, histogram.negative):
        for count in buckets.count.tolist():
            bits.put_float(count)
    return Chunk(time, time, FLOAT_HISTOGRAM, bits.done())


def _put_layout(bits: _Bits, histogram: Histogram) -> None:
    _put_zero_threshold(bits, histogram.zero_threshold)
    bits.put_signed(histogram.schema)
    _put_spans(bits, histogram.positive)
    _put_spans(bits, histogram.negative)
    if histogram.uses_custom_buckets:
        bits.put_unsigned(len(histogram.custom_values))
        for bound in histogram.custom_values:
            bits.put(0, 1)
            bits.put_float(bound)


def _put_zero_threshold(bits: _Bits, threshold: float) -> None:
    """Powers of two take one byte."""
    fraction, exponent = math.frexp(threshold)
    if threshold == 0:
        bits.put(0, 8)
    elif fraction == 0.5 and -242 <= exponent <= 11:
        bits.put(exponent + 243, 8)
    else:
        bits.put(255, 8)
        bits.put_float(threshold)


def _put_spans(bits: _Bits, buckets: Buckets) -> None:
    spans = to_spans(buckets)[0]
    bits.put_unsigned(len(spans))
    for span in spans:
        bits.put_unsigned(span.length)
        bits.put_signed(span.offset)


class _Bits:
    """Bits, the first one the highest of its byte."""

    def __init__(self) -> None:
        self._value = 0
        self._count = 0

    def put(self, value: int, bits: int) -> None:
        """Append the low bits of a number."""
        self._value = self._value << bits | value & (1 << bits) - 1
        self._count += bits

    def put_float(self, value: float) -> None:
        """Append the 64 bits of a float."""
        self.put(int(np.float64(value).view(np.uint64)), 64)

    def put_signed(self, value: int) -> None:
        """Append a number that is mostly near 0."""
        self._put_sized(value, lambda size: -(1 << size - 1) + 1 <= value <= 1 << size - 1)

    def put_unsigned(self, value: int) -> None:
        """Append a number that is mostly small."""
        self._put_sized(value, lambda size: value < 1 << size)

    def done(self) -> bytes:
        """All of them, the last byte filled up with zeros."""
        missing = -self._count % 8
        return (self._value << missing).to_bytes((self._count + missing) // 8, "big")

    def _put_sized(self, value: int, fits: Callable[[int], bool]) -> None:
        if value == 0:
            self.put(0, 1)
            return
        for ones, size in enumerate(_SIZES, start=1):
            if fits(size):
                self.put((1 << ones + 1) - 2, ones + 1)
                self.put(value, size)
                return
        self.put(0xFF, 8)
        self.put(value, 64)
