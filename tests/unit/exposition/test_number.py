"""Numbers read and written as Go's strconv does it."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernels.float_text import read_float
from watchkeeper.receive.exposition.number import format_bound, parse_float


def bits(value: float) -> bytes:
    return struct.pack("d", value)


def scanned(text: str) -> float | None:
    raw = np.frombuffer(text.encode(), dtype=np.uint8)
    sure, value = read_float(raw, 0, len(raw))
    return float(value) if sure else None


@pytest.mark.parametrize("text", ["+Inf", "Inf", "inf", "+infinity", "INFINITY"])
def test_infinity_may_be_spelt_in_several_ways(text: str) -> None:
    assert parse_float(text) == math.inf


@pytest.mark.parametrize("text", ["NaN", "nan", "NAN"])
def test_nan_may_be_spelt_in_any_case(text: str) -> None:
    assert math.isnan(parse_float(text))


@pytest.mark.parametrize(
    "text", ["", "+", ".", "e5", "1e", "1_000", "0x1p3", "+nan", "1 ", " 1", "1.2.3", "١", "1e+", "in", "--1", "1f"]
)
def test_what_go_would_not_read_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        parse_float(text)
    assert scanned(text) is None


@pytest.mark.parametrize("text", ["1e309", "-1e309", "9" * 400])
def test_a_number_beyond_the_largest_is_out_of_range(text: str) -> None:
    with pytest.raises(ValueError, match="out of range"):
        parse_float(text)
    assert scanned(text) is None


@pytest.mark.parametrize("text", [".5", "5.", "1E5", "1e-5", "+1", "-0", "00012", "0.0001"])
def test_short_forms_are_read(text: str) -> None:
    assert bits(parse_float(text)) == bits(float(text))
    assert scanned(text) is not None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_scanner_reads_every_float_that_it_is_sure_of_exactly(value: float) -> None:
    for text in (repr(value), f"{value:.17g}", f"{value:.3e}", f"{value:.6f}"):
        found = scanned(text)
        assert found is None or bits(found) == bits(float(text))


@given(st.integers(0, 2**64), st.integers(-60, 60))
def test_the_scanner_rounds_long_numbers_correctly(digits: int, exponent: int) -> None:
    text = f"{digits}e{exponent}"
    found = scanned(text)
    assert found is None or bits(found) == bits(float(text))


@given(st.integers(2**52, 2**53 - 1), st.integers(1, 10))
def test_a_number_halfway_between_two_floats_goes_to_the_even_one(mantissa: int, shift: int) -> None:
    halfway = (2 * mantissa + 1) << (shift - 1)
    found = scanned(str(halfway))
    assert found is None or found == float(halfway)


@given(st.floats(min_value=1e-60, max_value=1e60))
def test_everyday_numbers_never_need_the_careful_reader(value: float) -> None:
    assert scanned(repr(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"),
        (0.0, "0.0"),
        (-1.0, "-1.0"),
        (0.25, "0.25"),
        (1e6, "1e+06"),
        (100000.0, "100000.0"),
        (1e20, "1e+20"),
        (1e21, "1e+21"),
        (123456789.0, "1.23456789e+08"),
        (123456.0, "123456.0"),
        (1234567.0, "1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (2.5e-7, "2.5e-07"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_bounds_are_written_as_openmetrics_wants(value: float, text: str) -> None:
    assert format_bound(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_bound_reads_back_as_itself(value: float) -> None:
    assert parse_float(format_bound(value)) == value
