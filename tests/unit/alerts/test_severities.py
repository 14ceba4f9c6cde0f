"""What severities mean, and by when somebody should have responded."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alerts_workshop import configuration
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.cli import main
from watchkeeper.model.business_hours import BusinessHours
from watchkeeper.model.severity import Severities

ROUTE = "route: {receiver: a}\n"
BERLIN = 'business_hours: {time_zone: Europe/Berlin, days: [monday:friday], from: "09:00", to: "17:00"}\n'
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def severities(text: str) -> Severities:
    return configuration(ROUTE + text).severities


def deadline(known: Severities, word: str, fired_at: str) -> int | None:
    severity = known.named(word)
    assert severity is not None
    return known.response_deadline(severity, ms(fired_at))


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("critical_high_medium_low", {"critical": 5, "high": 15, "medium": 60, "low": 240}),
        ("immediate_30m_2h_24h", {"critical": 0, "high": 30, "medium": 120, "low": 1440}),
        ("critical_warning_info", {"critical": 5, "warning": 30, "info": 1440}),
        ("p1_p4", {"p1": 15, "P2": 30, "high": 30}),
    ],
)
def test_presets_say_how_soon_one_responds_at_any_hour(preset: str, expected: dict[str, int]):
    known = severities(f"severities: {{preset: {preset}}}\n")
    for word, minutes in expected.items():
        assert deadline(known, word, "2026-03-28T23:00Z") == ms("2026-03-28T23:00Z") + minutes * MINUTE_MS


@pytest.mark.parametrize(
    ("word", "fired_at", "by"),
    [
        ("p3", "2026-11-25T10:00+01:00", "2026-11-25T12:00+01:00"),
        ("p3", "2026-11-25T16:00+01:00", "2026-11-26T10:00+01:00"),
        ("p3", "2026-11-27T16:30+01:00", "2026-11-30T10:30+01:00"),
        ("p3", "2026-11-28T03:00+01:00", "2026-11-30T11:00+01:00"),
        ("p3", "2026-03-27T16:00+01:00", "2026-03-30T10:00+02:00"),
        ("p4", "2026-11-25T03:00+01:00", "2026-11-26T17:00+01:00"),
        ("p4", "2026-11-27T23:00+01:00", "2026-11-30T17:00+01:00"),
        ("p4", "2026-10-23T12:00+02:00", "2026-10-26T17:00+01:00"),
    ],
)
def test_business_hours_alone_count_where_it_says_so(word: str, fired_at: str, by: str):
    assert deadline(severities("severities: {preset: p1_p4}\n" + BERLIN), word, fired_at) == ms(by)


def test_a_level_of_ones_own_stands_in_the_place_of_the_presets():
    known = severities(
        "severities: {preset: critical_warning_info, levels: [\n"
        "  {name: warning, aliases: [warn], respond_within: 1h, hours: business}, {name: note}]}\n"
    )
    assert [one.name for one in known.levels] == ["critical", "warning", "info", "note"]
    assert deadline(known, "warn", "2026-11-25T16:30Z") == ms("2026-11-26T09:30Z")
    assert deadline(known, "note", "2026-11-25T16:30Z") is None
    assert known.named("Warn") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("severities: {preset: p1}", 'severities.preset: there is no preset "p1": there are critical_high_medium_low'),
        ("severities: {levels: [{name: a}, {name: a}]}", "severities: two levels have the same name"),
        ("severities: {preset: p1_p4, levels: [{name: high}]}", 'severities: "high" stands for two levels'),
        ("severities: {levels: [{name: a, respond_within: soon}]}", "next_business_day is possible, too"),
        ("severities: {levels: [{name: a, hours: nights}]}", '"nights" is not one of'),
        ("business_hours: {from: '17:00', to: '09:00'}", "business_hours: from must lie before to"),
        ("business_hours: {days: [mon]}", '"mon" is no weekday'),
        ("business_hours: {days: []}", "there is no day"),
        ("business_hours: {time_zone: Berlin}", 'there is no time zone "Berlin"'),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, problem: str):
    with pytest.raises(ConfigurationFailure) as refused:
        severities(text + "\n")
    assert problem in str(refused.value)


def test_the_check_points_at_severities_that_mean_nothing(tmp_path: Path):
    (tmp_path / "f.yml").write_text(
        "route: {receiver: a, routes: [{match: {severity: critcal}}, {matchers: ['severity=~\"high|bad\"']}]}\n"
        "receivers: [{name: a}]\n"
        "rule_files: [r.yml]\n"
        "severities: {preset: critical_high_medium_low}\n"
    )
    rules = "{alert: A, expr: up, labels: {severity: hihg}}, {alert: B, expr: up, labels: {severity: '{{ $value }}'}}"
    (tmp_path / "r.yml").write_text(f"groups: [{{name: g, rules: [{rules}]}}]\n")
    told = CliRunner().invoke(main, ["check", "config", str(tmp_path / "f.yml")])
    assert told.exit_code == 0
    assert [line.removeprefix(f"{tmp_path}/") for line in told.stderr.splitlines()] == [
        'f.yml:1:50: warning: route.routes[0].match.severity: there is no severity "critcal": did you mean "critical"?',
        'f.yml:1:73: warning: route.routes[1].matchers[0]: there is no severity "bad": there are '
        "critical, high, medium, low",
        'r.yml:1:68: warning: there is no severity "hihg": did you mean "high"?',
    ]


HOURS = st.builds(
    BusinessHours,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 12).map(lambda hour: hour * 60),
    st.integers(13, 24).map(lambda hour: hour * 60),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
AROUND_CHANGES = st.integers(ms("2026-03-26T00:00Z"), ms("2026-03-31T00:00Z")) | st.integers(
    ms("2026-10-22T00:00Z"), ms("2026-11-03T00:00Z")
)


def counts(hours: BusinessHours, at: int) -> bool:
    local = datetime.fromtimestamp(at / 1000, ZoneInfo(hours.time_zone))
    return local.weekday() in hours.days and hours.since <= local.hour * 60 + local.minute < hours.until


@settings(max_examples=40, deadline=None)
@given(HOURS, AROUND_CHANGES, st.integers(1, 20))
def test_just_so_many_minutes_of_business_pass_before_a_deadline(hours: BusinessHours, at: int, half_hours: int):
    at -= at % MINUTE_MS
    end = hours.after(at, half_hours * 30 * MINUTE_MS)
    passed = sum(counts(hours, minute) for minute in range(at, end, MINUTE_MS))
    assert passed == half_hours * 30
    assert counts(hours, end - MINUTE_MS)


@given(HOURS, AROUND_CHANGES, st.integers(0, 10 * HOUR_MS), st.integers(0, HOUR_MS))
def test_what_fires_later_has_no_earlier_deadline(hours: BusinessHours, at: int, within: int, later: int):
    assert hours.after(at, within) <= hours.after(at + later, within)
    assert at + within <= hours.after(at, within)
