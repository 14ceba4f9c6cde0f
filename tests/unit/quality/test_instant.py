"""Instants as people ask for them, and nights as zones have them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.base.instant import InstantFailure, parse_instant_ms, rfc3339
from watchkeeper.model.nights import Nights

NOW = 1_763_700_000_000


def ms(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]  # year, month, day …


def test_an_instant_is_a_time_or_how_long_ago() -> None:
    assert parse_instant_ms("now", NOW) == NOW
    assert parse_instant_ms("7d", NOW) == NOW - 7 * 86_400_000
    assert parse_instant_ms("1763700000.5", NOW) == NOW + 500
    assert parse_instant_ms("2025-11-21T04:40:00Z", 0) == NOW
    assert parse_instant_ms("2025-11-21 05:40:00+01:00", 0) == NOW


@given(st.integers(0, 4_000_000_000_000))
def test_what_is_written_is_read_again(at: int) -> None:
    assert parse_instant_ms(rfc3339(at), NOW) == at


@pytest.mark.parametrize("text", ["", "yesterday", "2025-11-21", "2025-13-21T04:40:00Z", "-7d", "1e9"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(InstantFailure, match="is no instant: right would be 7d"):
        parse_instant_ms(text, NOW)


def test_a_night_begins_at_22_and_ends_at_7_wherever_it_is() -> None:
    berlin = Nights.of("Europe/Berlin")
    assert [berlin.include(ms(2026, 1, 5, hour)) for hour in (20, 21, 5, 6)] == [False, True, True, False]
    # In summer the same hours of UTC are an hour later there.
    assert [berlin.include(ms(2026, 7, 5, hour)) for hour in (19, 20, 4, 5)] == [False, True, True, False]
    assert Nights.of("").include(ms(2026, 7, 5, 22))
