"""Which instants lie in a time interval."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.alerts.intervals import Interval, TimeIntervalSection
from watchkeeper.base.configuration import ConfigurationFailure, decode, read_document


def interval(text: str) -> Interval:
    return Interval.of(decode(TimeIntervalSection, read_document(text, "f.yml")))


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "within", "without"),
    [
        ("{}", ["2025-01-01T00:00Z"], []),
        ("times: []", [], ["2025-01-01T00:00Z"]),
        (
            "times: [{start_time: '09:00', end_time: '17:00'}]",
            ["2025-01-01T09:00Z", "2025-01-01T16:59:59.999Z"],
            ["2025-01-01T08:59:59.999Z", "2025-01-01T17:00Z"],
        ),
        ("times: [{start_time: '22:00', end_time: '24:00'}]", ["2025-01-01T23:59:59Z"], ["2025-01-02T00:00Z"]),
        (
            "times: [{start_time: '01:00', end_time: '02:00'}, {start_time: '03:00', end_time: '04:00'}]",
            ["2025-01-01T01:30Z", "2025-01-01T03:30Z"],
            ["2025-01-01T02:30Z"],
        ),
        ("weekdays: ['saturday', 'sunday']", ["2025-11-22T12:00Z", "2025-11-23T12:00Z"], ["2025-11-24T12:00Z"]),
        ("weekdays: ['Monday:Friday']", ["2025-11-24T00:00Z", "2025-11-28T23:59Z"], ["2025-11-29T00:00Z"]),
        ("weekdays: ['sunday:monday']", ["2025-11-23T12:00Z", "2025-11-24T12:00Z"], ["2025-11-25T12:00Z"]),
        ("days_of_month: ['1:5', '-1']", ["2025-02-05T00:00Z", "2025-02-28T00:00Z"], ["2025-02-27T00:00Z"]),
        ("days_of_month: ['-3:-1']", ["2024-02-27T00:00Z", "2024-02-29T00:00Z"], ["2024-02-26T00:00Z"]),
        ("days_of_month: ['27:-1']", ["2025-03-31T00:00Z", "2025-02-28T00:00Z"], ["2025-02-26T00:00Z"]),
        ("days_of_month: ['31']", ["2025-01-31T00:00Z"], ["2025-02-28T00:00Z", "2025-04-30T00:00Z"]),
        ("months: ['march:may', '12']", ["2025-03-01T00:00Z", "2025-12-31T00:00Z"], ["2025-06-01T00:00Z"]),
        ("years: ['2020:2022']", ["2020-01-01T00:00Z", "2022-12-31T23:59Z"], ["2023-01-01T00:00Z"]),
        ("{months: [may], weekdays: [monday]}", ["2025-05-05T00:00Z"], ["2025-05-06T00:00Z", "2025-06-02T00:00Z"]),
    ],
)
def test_an_instant_must_lie_in_one_range_of_each_kind(text: str, within: list[str], without: list[str]):
    made = interval(text)
    assert [at for at in within if not made.contains(ms(at))] == []
    assert [at for at in without if made.contains(ms(at))] == []


NIGHT = "{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}"


def test_a_zone_has_its_own_days_and_hours():
    tokyo = interval("{weekdays: [monday], location: Asia/Tokyo}")
    assert tokyo.contains(ms("2025-11-23T15:00Z"))
    assert not tokyo.contains(ms("2025-11-24T15:00Z"))


def test_an_hour_that_summer_time_leaves_out_never_comes():
    night = interval(NIGHT)
    assert not any(night.contains(ms("2025-03-30T00:00Z") + minute * 60_000) for minute in range(180))
    assert night.contains(ms("2025-03-31T00:30Z"))


def test_an_hour_that_summer_time_repeats_comes_twice():
    night, day = interval(NIGHT), ms("2025-10-25T22:00Z")
    assert sum(night.contains(day + minute * 60_000) for minute in range(24 * 60)) == 120


@given(
    st.integers(31_536_000_000, 2_114_380_800_000),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]),
    st.integers(1, 28),
    st.integers(-28, -1),
)
def test_days_from_a_months_end_are_those_from_its_beginning(at: int, zone: str, first: int, last: int):
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
    length = calendar.monthrange(local.year, local.month)[1]
    from_begin = interval(f"{{days_of_month: ['{first}:31'], location: {zone}}}")
    from_end = interval(f"{{days_of_month: ['{last}:-1'], location: {zone}}}")
    assert from_begin.contains(at) == (local.day >= first)
    assert from_end.contains(at) == (local.day > length + last)


@given(st.integers(0, 1439), st.integers(1, 1440), st.integers(0, 1439))
def test_times_hold_their_beginning_and_not_their_end(start: int, end: int, minute: int):
    def clock(at: int) -> str:
        return f"{at // 60:02}:{at % 60:02}"

    text = f"times: [{{start_time: '{clock(start)}', end_time: '{clock(end)}'}}]"
    if start >= end:
        with pytest.raises(ConfigurationFailure):
            interval(text)
        return
    at = datetime(2025, 6, 1, tzinfo=UTC) + timedelta(minutes=minute)
    assert interval(text).contains(round(at.timestamp() * 1000)) == (start <= minute < end)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("weekdays: [funday]", 'f.yml:1:12: weekdays[0]: "funday" is no weekday: its English name would be right'),
        ("location: Atlantis", 'f.yml:1:11: location: there is no time zone "Atlantis"'),
        ("days_of_month: ['5:1']", 'f.yml:1:17: days_of_month[0]: "5:1": the last day is always before the first'),
        ("times: [{start_time: '9'}]", 'times[0].start_time: "9" is no time of day: HH:MM would be right'),
    ],
)
def test_a_malformed_interval_is_named_with_its_place(text: str, said: str):
    with pytest.raises(ConfigurationFailure) as refused:
        interval(text)
    assert said in str(refused.value)
