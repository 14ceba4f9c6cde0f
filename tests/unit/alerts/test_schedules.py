"""When schedules begin, on clocks that go forward and back."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.alerts.recurring import Schedule, ScheduleFailure
from watchkeeper.alerts.recurring.schedule import local_text

HOUR_MS = 3_600_000
ZONE = "Europe/Berlin"
"""Goes forward from 02:00 to 03:00 on 2026-03-29, and back from 03:00 to 02:00 on 2026-10-25."""


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def begins(schedule: Schedule, at: str, count: int = 2) -> list[str]:
    return [local_text(span.starts_at, ZONE) for span in islice(schedule.spans(ms(at)), count)]


@pytest.mark.parametrize(
    ("cron", "at", "expected"),
    [
        ("30 2 * * *", "2026-03-28T12:00Z", ["Sun 2026-03-29 03:00 CEST", "Mon 2026-03-30 02:30 CEST"]),
        ("30 2 * * *", "2026-10-24T12:00Z", ["Sun 2026-10-25 02:30 CEST", "Mon 2026-10-26 02:30 CET"]),
        ("30 2 * * *", "2026-10-25T01:45Z", ["Mon 2026-10-26 02:30 CET", "Tue 2026-10-27 02:30 CET"]),
        ("0 2 * * SUN", "2026-11-26T00:00Z", ["Sun 2026-11-29 02:00 CET", "Sun 2026-12-06 02:00 CET"]),
        ("0 0 L * *", "2026-02-01T00:00Z", ["Sat 2026-02-28 00:00 CET", "Tue 2026-03-31 00:00 CEST"]),
    ],
)
def test_cron_begins_on_the_zones_clock(cron: str, at: str, expected: list[str]):
    assert begins(Schedule(HOUR_MS, cron=cron, time_zone=ZONE), at) == expected


@pytest.mark.parametrize(
    ("rrule", "start", "at", "expected"),
    [
        ("FREQ=DAILY", "2026-03-01T02:30", "2026-03-28T12:00Z", ["Sun 2026-03-29 03:30 CEST"]),
        ("FREQ=DAILY", "2026-03-01T02:30", "2026-10-24T12:00Z", ["Sun 2026-10-25 02:30 CEST"]),
        ("RRULE:FREQ=WEEKLY;BYDAY=SU", "2026-01-04T02:00", "2026-01-05T00:00Z", ["Sun 2026-01-11 02:00 CET"]),
        ("freq=monthly;byday=-1fr", "2026-01-30T22:00", "2026-02-01T00:00Z", ["Fri 2026-02-27 22:00 CET"]),
        ("FREQ=DAILY;UNTIL=20260102T000000Z", "2026-01-01T01:00", "2026-01-01T12:00Z", ["Fri 2026-01-02 01:00 CET"]),
        ("FREQ=DAILY;UNTIL=20260102T000000Z", "2026-01-01T01:00", "2026-01-02T12:00Z", []),
        ("FREQ=DAILY;UNTIL=20260102", "2026-01-01T01:00", "2026-01-01T12:00Z", ["Fri 2026-01-02 01:00 CET"]),
        ("FREQ=DAILY;BYHOUR=17,9", "2026-01-01T10:00", "2026-01-01T00:00Z", ["Thu 2026-01-01 17:00 CET"]),
        ("FREQ=DAILY;BYHOUR=17,9", "2026-01-01T10:00", "2026-01-02T00:00Z", ["Fri 2026-01-02 09:00 CET"]),
        ("FREQ=DAILY;COUNT=1", "2026-01-01T00:00", "2025-12-01T00:00Z", ["Thu 2026-01-01 00:00 CET"]),
    ],
)
def test_a_rule_counts_from_its_start_on_the_zones_clock(rrule: str, start: str, at: str, expected: list[str]):
    schedule = Schedule(HOUR_MS, rrule=rrule, start=datetime.fromisoformat(start), time_zone=ZONE)
    assert begins(schedule, at, 1) == expected


@pytest.mark.parametrize(
    ("rrule", "start", "said"),
    [
        ("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01", 'FREQ is "SECONDLY": DAILY, WEEKLY, MONTHLY or YEARLY'),
        ("FREQ=MINUTELY", "2026-01-01", 'FREQ is "MINUTELY"'),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01", "its rule falls on no day at all"),
        ("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6", "2026-01-01", "its rule falls on no day at all"),
        ("FREQ=DAILY;BYMONTHDAY=31;BYDAY=MO;BYYEARDAY=1", "1970-01-01", "its rule falls on no day at all"),
        (f"FREQ=DAILY;BYHOUR=1,2,3,4;BYMINUTE={','.join(map(str, range(60)))}", "2026-01-01", "begins 240 times a day"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1;BYHOUR=1,2", "2026-01-01", "BYSETPOS picks among days"),
        ("FREQ=DAILY;INTERVAL=99999999999", "2026-01-01", "INTERVAL 99999999999 is no number from 1 to 5000"),
        ("FREQ=DAILY;COUNT=99999999999", "2026-01-01", "COUNT 99999999999 is no number from 1 to 5000"),
        ("FREQ=DAILY;INTERVAL=0", "2026-01-01", "INTERVAL 0 is no number"),
        ("FREQ=DAILY;UNTIL=19000101", "2026-01-01", "it falls on no day from 2026-01-01 00:00:00 to its end"),
        ("FREQ=DAILY;UNTIL=tomorrow", "2026-01-01", "this is no recurrence rule"),
        ("FREQ=DAILY", "0001-01-01", "a start from 1970 to 2099 would be right"),
        ("FREQ=DAILY", "9999-12-31", "a start from 1970 to 2099 would be right"),
        ("FREQ=DAILY;BYDAY", "2026-01-01", "this is no recurrence rule"),
        ("F" * 100_000, "2026-01-01", f'"{"F" * 100}": this is no recurrence rule'),
    ],
)
def test_rules_that_never_come_or_too_often_are_refused_by_name(rrule: str, start: str, said: str):
    with pytest.raises(ScheduleFailure) as refused:
        Schedule(1000, rrule=rrule, start=datetime.fromisoformat(start))
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(("rrule", "years"), [("FREQ=YEARLY;BYYEARDAY=366", 4), ("FREQ=DAILY;INTERVAL=5000", 14)])
def test_what_comes_seldom_is_found_only_as_far_as_one_looks(rrule: str, years: int):
    schedule = Schedule(HOUR_MS, rrule=rrule, start=datetime.fromisoformat("2020-01-01T00:00"))
    first = next(schedule.spans(ms("2021-01-01T00:00Z")))
    assert first.starts_at < ms("2021-01-01T00:00Z") + years * 366 * DAY_MS
    for ahead, expected in ((-1, []), (0, [first])):
        assert list(schedule.spans(ms("2021-01-01T00:00Z"), first.starts_at + ahead)) == expected


def test_what_lasts_longer_than_calendars_reach_is_found_all_the_same():
    start = datetime.fromisoformat("1970-01-01T00:00")
    schedule = Schedule(3000 * 366 * DAY_MS, rrule="FREQ=DAILY;COUNT=1", start=start, time_zone="Asia/Tokyo")
    assert [span.starts_at for span in schedule.spans(ms("2026-01-01T00:00Z"))] == [-9 * HOUR_MS]


def test_a_span_lasts_as_long_whatever_the_clocks_do():
    schedule = Schedule(6 * HOUR_MS, cron="0 0 * * *", time_zone=ZONE)
    for day in ("2026-03-28T20:00Z", "2026-10-24T20:00Z"):
        (span,) = islice(schedule.spans(ms(day)), 1)
        assert span.ends_at - span.starts_at == 6 * HOUR_MS


def test_a_span_under_way_is_the_first_until_its_end():
    schedule = Schedule(HOUR_MS, cron="0 2 * * *")
    begin = ms("2026-05-01T02:00Z")
    for at, expected in ((0, 0), (HOUR_MS - 1, 0), (HOUR_MS, DAY_MS)):
        assert next(schedule.spans(begin + at)).starts_at == begin + expected


DAY_MS = 24 * HOUR_MS
MOMENTS = st.integers(ms("2026-03-27T00:00Z"), ms("2026-03-31T00:00Z")) | st.integers(
    ms("2026-10-23T00:00Z"), ms("2026-10-27T00:00Z")
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 59), st.integers(0, 23), MOMENTS, st.booleans())
def test_where_one_looks_from_does_not_matter(minute: int, hour: int, at: int, by_rule: bool):
    start = datetime.fromisoformat(f"2026-01-01T{hour:02}:{minute:02}")
    if by_rule:
        schedule = Schedule(HOUR_MS, rrule="FREQ=DAILY", start=start, time_zone=ZONE)
    else:
        schedule = Schedule(HOUR_MS, cron=f"{minute} {hour} * * *", time_zone=ZONE)
    early = takewhile(lambda span: span.starts_at < at + 3 * DAY_MS, schedule.spans(at - 5 * DAY_MS))
    late = takewhile(lambda span: span.starts_at < at + 3 * DAY_MS, schedule.spans(at))
    assert list(late) == [span for span in early if span.ends_at > at]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 59), st.integers(0, 23), MOMENTS)
def test_every_day_has_its_beginning(minute: int, hour: int, at: int):
    days = {
        datetime.fromtimestamp(span.starts_at / 1000, ZoneInfo(ZONE)).date()
        for span in islice(Schedule(60_000, cron=f"{minute} {hour} * * *", time_zone=ZONE).spans(at), 4)
    }
    assert len(days) == 4
    assert max(days) - min(days) == timedelta(days=3)
