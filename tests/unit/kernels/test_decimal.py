"""The float writer against Python's own shortest digits, laid out as Prometheus does."""

import struct
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels.decimal import LONGEST, samples_json, write_float


def written(value: float) -> str:
    out = np.zeros(LONGEST, dtype=np.uint8)
    end = write_float(out, 0, value, np.array([value]).view(np.uint64)[0])
    return out[:end].tobytes().decode()


def obvious(value: float) -> str:
    """The slow twin, by way of decimal."""
    if value != 0 and not 1e-6 <= abs(value) < 1e21:
        mantissa, exponent = f"{Decimal(repr(value)):e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{exponent[0]}{exponent[1:].zfill(2)}"
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@given(st.integers(0, 2**64 - 1))
def test_any_bits_are_written_with_the_shortest_digits(bits: int) -> None:
    value = struct.unpack("d", struct.pack("Q", bits))[0]
    if np.isfinite(value):
        assert written(value) == obvious(value)


@given(st.floats(-1e9, 1e9))
def test_everyday_values_are_written_with_the_shortest_digits(value: float) -> None:
    assert written(value) == obvious(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "NaN"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (-0.0, "-0"),
        (1e21, "1e+21"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e-6, "0.000001"),
        (1.5e-7, "1.5e-07"),
        (5e-324, "5e-324"),
    ],
)
def test_edges_are_written_as_prometheus_writes_them(value: float, text: str) -> None:
    assert written(value) == text


def test_a_series_becomes_pairs_and_absent_steps_are_left_out() -> None:
    times = np.array([1435781430781, 1435781445000, -1500], dtype=np.int64)
    values = np.array([1.0, 2.0, 0.5])
    out = np.zeros(500, dtype=np.uint8)
    end = samples_json(times, values, values.view(np.uint64), np.array([True, False, True]), out)
    assert out[:end].tobytes() == b'[1435781430.781,"1"],[-1.500,"0.5"]'


def test_a_buffer_too_small_is_said_so() -> None:
    values = np.ones(10)
    times = np.arange(10, dtype=np.int64)
    assert (
        samples_json(times, values, values.view(np.uint64), np.ones(10, dtype=np.bool_), np.zeros(64, np.uint8)) == -1
    )
