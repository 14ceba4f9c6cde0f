"""Who is on call, now and at any time."""

from __future__ import annotations

import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from oncall_workshop import configured, ms

from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.oncall import Schedule
from watchkeeper.oncall.schedule.calendar import calendar
from watchkeeper.oncall.schedule.override import Override

NAMES = ("alice", "bob", "carol", "dave")
PEOPLE = "people: [" + ", ".join(f"{{name: {name}}}" for name in NAMES) + "]\n"
DAY_MS = 86_400_000


def schedule(text: str) -> Schedule:
    """The schedule whose keys below its name are `text`."""
    return configured(f"{PEOPLE}schedules:\n- name: primary\n{text}").roster.schedules["primary"]


BERLIN_DAILY = """
  time_zone: Europe/Berlin
  layers: [{rotation: daily, start: 2026-03-01, handover: "09:00", people: [alice, bob]}]
"""


def test_a_handover_is_at_the_same_local_time_on_both_sides_of_a_change_of_clocks() -> None:
    shifts = schedule(BERLIN_DAILY).shifts(ms("2026-03-27T00:00Z"), ms("2026-03-31T00:00Z"))
    starts = [shift.since for shift in shifts[1:]]
    assert starts == [
        ms("2026-03-27T09:00+01:00"),
        ms("2026-03-28T09:00+01:00"),
        ms("2026-03-29T09:00+02:00"),
        ms("2026-03-30T09:00+02:00"),
    ]
    assert {(shift.until - shift.since) // 3_600_000 for shift in shifts[1:3]} == {24, 23}


def test_a_day_in_autumn_has_25_hours() -> None:
    shifts = schedule(BERLIN_DAILY).shifts(ms("2026-10-24T09:00+02:00"), ms("2026-10-26T09:00+01:00"))
    assert [(shift.until - shift.since) // 3_600_000 for shift in shifts] == [25, 24]


def test_a_handover_that_clocks_jump_over_is_at_the_jump_and_one_shown_twice_at_the_first() -> None:
    nightly = schedule(BERLIN_DAILY.replace("09:00", "02:30"))
    spring = nightly.shifts(ms("2026-03-28T12:00Z"), ms("2026-03-29T12:00Z"))
    autumn = nightly.shifts(ms("2026-10-24T12:00Z"), ms("2026-10-25T12:00Z"))
    assert spring[1].since == ms("2026-03-29T01:00Z")
    assert autumn[1].since == ms("2026-10-25T02:30+02:00")


def test_a_week_begins_on_its_handover_day_and_the_first_turn_at_the_start() -> None:
    weekly = schedule(
        '  layers: [{rotation: weekly, start: 2026-01-07, handover: "10:00", handover_day: monday,'
        " people: [alice, bob]}]"
    )
    shifts = weekly.shifts(ms("2026-01-05"), ms("2026-01-21"))
    assert [(shift.people, shift.since) for shift in shifts] == [
        ((), ms("2026-01-05")),
        (("alice",), ms("2026-01-07T10:00")),
        (("bob",), ms("2026-01-12T10:00")),
        (("alice",), ms("2026-01-19T10:00")),
    ]


def test_turns_of_twelve_hours_keep_their_times_over_a_change_of_clocks() -> None:
    halves = schedule(BERLIN_DAILY.replace("rotation: daily", "rotation: custom, every: 12h"))
    assert halves.who(ms("2026-03-28T20:59+01:00")) != halves.who(ms("2026-03-28T21:01+01:00"))
    assert halves.who(ms("2026-03-29T20:59+02:00")) != halves.who(ms("2026-03-29T21:01+02:00"))


def test_several_people_are_on_call_at_once() -> None:
    pairs = schedule("  layers: [{rotation: daily, start: 2026-01-01, people: [[alice, bob], carol]}]")
    assert pairs.who(ms("2026-01-01T12:00")) == ("alice", "bob")
    assert pairs.who(ms("2026-01-02T12:00")) == ("carol",)


LAYERED = """
  layers:
  - {rotation: weekly, start: 2026-01-05, people: [alice]}
  - rotation: weekly
    start: 2026-01-05
    people: [bob]
    restrictions: [{weekdays: ["monday:friday"], start_time: "09:00", end_time: "17:00"}]
  overrides: [{person: carol, start: 2026-01-06T08:00, end: 2026-01-06T10:00}]
"""


def test_later_layers_go_first_where_they_have_somebody_and_overrides_before_all() -> None:
    layered = schedule(LAYERED)
    assert layered.who(ms("2026-01-05T08:59")) == ("alice",)
    assert layered.who(ms("2026-01-05T09:00")) == ("bob",)
    assert layered.who(ms("2026-01-05T17:00")) == ("alice",)
    assert layered.who(ms("2026-01-06T09:30")) == ("carol",)
    assert layered.who(ms("2026-01-06T10:00")) == ("bob",)
    assert layered.who(ms("2026-01-10T12:00")) == ("alice",)


def test_gaps_are_reported_exactly() -> None:
    nights = schedule(
        "  layers: [{rotation: daily, start: 2026-01-01, people: [alice],"
        ' restrictions: [{start_time: "18:00", end_time: "08:00"}]}]'
    )
    gaps = nights.gaps(ms("2026-01-02"), ms("2026-01-04"))
    assert [(gap.since, gap.until) for gap in gaps] == [
        (ms("2026-01-02T08:00"), ms("2026-01-02T18:00")),
        (ms("2026-01-03T08:00"), ms("2026-01-03T18:00")),
    ]


def test_a_swap_takes_over_only_the_shifts_of_one_person() -> None:
    daily = schedule("  layers: [{rotation: daily, start: 2026-01-01, people: [alice, bob]}]")
    swapped = daily.with_overrides([Override("carol", ms("2026-01-01"), ms("2026-01-05"), replaces="alice")])
    days = [swapped.who(ms(f"2026-01-0{day}T12:00")) for day in (1, 2, 3, 4, 5)]
    assert days == [("carol",), ("bob",), ("carol",), ("bob",), ("alice",)]


def test_a_calendar_has_an_event_for_each_shift() -> None:
    daily = schedule("  layers: [{rotation: daily, start: 2026-01-01, people: [alice, bob]}]")
    text = calendar("primary", daily.shifts(ms("2026-01-01"), ms("2026-01-03")), str.title, ms("2026-01-01"))
    lines = text.split("\r\n")
    assert [line for line in lines if line.startswith(("DTSTART", "DTEND", "SUMMARY"))] == [
        "DTSTART:20260101T000000Z",
        "DTEND:20260102T000000Z",
        "SUMMARY:Alice",
        "DTSTART:20260102T000000Z",
        "DTEND:20260103T000000Z",
        "SUMMARY:Bob",
    ]
    assert all(len(line.encode()) <= 75 for line in lines)


crews = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4)
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 17, 30]))
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
starts = st.dates(date(2025, 1, 1), date(2025, 12, 31))
turns = st.sampled_from(["daily", "weekly", "custom, every: 12h", "custom, every: 3d", "custom, every: 1h"])
restrictions = st.builds(
    '{{start_time: "{}", end_time: "{}", weekdays: ["{}:{}"]}}'.format,
    clocks,
    clocks,
    st.sampled_from(["monday", "friday"]),
    st.sampled_from(["monday", "thursday", "sunday"]),
)
layers = st.builds(
    '  - {{rotation: {}, start: {}, handover: "{}", people: [{}], restrictions: [{}]}}\n'.format,
    turns,
    starts,
    clocks,
    crews.map(", ".join),
    st.lists(restrictions, max_size=2).map(", ".join),
)
schedules = st.builds(
    lambda zone, layers: schedule(f"  time_zone: {zone}\n  layers:\n{''.join(layers)}"),
    zones,
    st.lists(layers, min_size=1, max_size=3),
)
overrides = st.builds(
    lambda person, replaces, day, hours: Override(
        person, ms(f"{day}T05:00"), ms(f"{day}T05:00") + hours * 3_600_000, replaces
    ),
    st.sampled_from(NAMES),
    st.sampled_from(["", *NAMES]),
    starts,
    st.integers(1, 200),
)


@given(schedules, st.lists(overrides, max_size=2), starts, st.integers(1, 12), st.floats(0, 1, exclude_max=True))
def test_shifts_tile_their_window_and_who_is_constant_within_each(
    plain: Schedule, made: list[Override], day: date, days: int, part: float
) -> None:
    final = plain.with_overrides(made)
    since, until = ms(f"{day}T03:21"), ms(f"{day + timedelta(days=days)}T03:21")
    shifts = final.shifts(since, until)
    assert shifts[0].since == since
    assert shifts[-1].until == until
    for before, after in pairwise(shifts):
        assert before.until == after.since
        assert before.people != after.people
    for shift in shifts:
        assert shift.since < shift.until
        assert final.who(shift.since + int((shift.until - shift.since) * part)) == shift.people


@given(schedules, starts)
def test_every_layers_turns_follow_each_other_without_overlap(final: Schedule, day: date) -> None:
    at = ms(f"{day}T12:00")
    for layer in final.layers:
        number = layer.turn_at(at)
        assert layer.begins(number) <= at < layer.begins(number + 1)
        for turn in range(number - 3, number + 3):
            assert layer.begins(turn) <= layer.begins(turn + 1)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("rotation: custom, start: 2026-01-01, people: [alice]", "every must be whole hours"),
        ("rotation: custom, every: 0h, start: 2026-01-01, people: [alice]", "every must be whole hours"),
        ("rotation: daily, every: 12h, start: 2026-01-01, people: [alice]", "every belongs to rotation: custom"),
        ("rotation: daily, start: 2026-13-01, people: [alice]", "is not a date"),
        ("rotation: daily, start: 9999-12-31, people: [alice]", "a year from 1970 to 2999"),
        ("rotation: daily, start: 0001-01-01, people: [alice]", "a year from 1970 to 2999"),
        ("rotation: daily, start: 2026-01-01, people: []", "people must name somebody"),
        ("rotation: daily, start: 2026-01-01, people: [alcie]", 'there is no person "alcie": did you mean "alice"?'),
        ("rotation: custom, every: 90m, start: 2026-01-01, people: [alice]", "whole hours"),
        ('rotation: daily, start: 2026-01-01, handover: "9", people: [alice]', "no time of day"),
        ("rotation: daily, start: 2026-01-01, handover_day: monday, people: [alice]", "belongs to rotation: weekly"),
    ],
)
def test_a_wrong_layer_is_refused_at_its_place(wrong: str, said: str) -> None:
    with pytest.raises(ConfigurationFailure) as raised:
        schedule(f"  layers: [{{{wrong}}}]")
    (problem,) = raised.value.problems
    assert said in problem.message
    assert problem.place.line == 4
