"""Values come back bit for bit, and short decimals become whole numbers of one scale."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels import mantissa
from watchkeeper.model.samples import STALE_BITS

_VALUES = st.one_of(
    st.floats(),
    st.integers(-(2**60), 2**60).map(float),
    st.builds(lambda whole, places: whole / 10**places, st.integers(-(10**9), 10**9), st.integers(0, 12)),
    st.sampled_from([0.0, -0.0, float("inf"), float("-inf"), 1 / 3, 5e-324, 2.0**53, -(2.0**53), 0.1 + 0.2]),
)


def split(values: np.ndarray, refs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mantissas, exponents = np.empty(values.size, dtype=np.int64), np.empty(values.size, dtype=np.int8)
    mantissa.encode(values, refs, np.zeros(8, dtype=np.int8), mantissas, exponents)
    return mantissas, exponents


@given(st.lists(st.tuples(_VALUES, st.integers(0, 7)), max_size=50))
def test_values_come_back_bit_for_bit(samples: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in samples])
    mantissas, exponents = split(values, np.array([ref for _, ref in samples], dtype=np.int32))
    back = np.empty_like(values)
    mantissa.decode(mantissas, exponents, back)
    assert back.tobytes() == values.tobytes()
    for value, whole, exponent in zip(values.tolist(), mantissas.tolist(), exponents.tolist(), strict=True):
        if exponent >= 0:
            assert float(Fraction(whole, 10**exponent)) == value


def test_a_staleness_marker_keeps_its_bits() -> None:
    stale = np.array([STALE_BITS], dtype=np.uint64).view(np.float64)
    mantissas, exponents = split(stale, np.zeros(1, dtype=np.int32))
    assert (mantissas[0], exponents[0]) == (STALE_BITS, mantissa.BITS)


def test_a_series_keeps_its_scale() -> None:
    values = np.array([1.25, 1.5, 2.0, 2.125, 3.0])
    mantissas, exponents = split(values, np.zeros(5, dtype=np.int32))
    assert exponents.tolist() == [2, 2, 2, 3, 3]
    assert mantissas.tolist() == [125, 150, 200, 2125, 3000]
