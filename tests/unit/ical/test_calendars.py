"""Calendars of other programs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from calendars import BERLIN, event, found, ms, whole

from watchkeeper.base.ical import CalendarFailure, read_calendar

OUTLOOK = """BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def test_times_are_in_utc_in_a_named_zone_or_in_that_of_the_reader() -> None:
    text = whole(
        event("DTSTART:20260601T090000Z", "DTEND:20260601T100000Z"),
        event("DTSTART;TZID=America/New_York:20260602T090000", "DURATION:PT1H"),
        event("DTSTART:20260603T090000", "DURATION:P1D"),
        event("DTSTART;TZID=/example.org/20/Europe/Berlin:20260605T090000", "DURATION:PT1H"),
    )
    assert [(begin, end) for begin, end, _ in found(text)] == [
        ("06-01T09:00", "06-01T10:00"),
        ("06-02T13:00", "06-02T14:00"),
        ("06-03T07:00", "06-04T07:00"),
        ("06-05T07:00", "06-05T08:00"),
    ]


def test_a_whole_day_lasts_from_midnight_to_midnight_on_the_clock() -> None:
    day, two = "DTSTART;VALUE=DATE:20260329", ("DTSTART;VALUE=DATE:20260401", "DTEND;VALUE=DATE:20260403")
    text = whole(event(day), event(*two))
    assert found(text) == [("03-28T23:00", "03-29T22:00", "a"), ("03-31T22:00", "04-02T22:00", "a")]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "W. Europe Standard Time"])
def test_what_recurs_keeps_its_local_times_over_a_change_of_clocks(zone: str) -> None:
    times = (f'DTSTART;TZID="{zone}":20260328T180000', f"DTEND;TZID={zone}:20260329T090000")
    text = whole(OUTLOOK, event(*times, "RRULE:FREQ=DAILY;COUNT=3"))
    assert [one[:2] for one in found(text)] == [
        ("03-28T17:00", "03-29T07:00"),
        ("03-29T16:00", "03-30T07:00"),
        ("03-30T16:00", "03-31T07:00"),
    ]


def test_excluded_moved_added_and_cancelled_occurrences() -> None:
    start = ("DTSTART;TZID=Europe/Berlin:20260601T090000", "DURATION:PT1H")
    text = whole(
        event(*start, "RRULE:FREQ=DAILY;UNTIL=20260605T070000Z", "EXDATE:20260602T070000Z", "RDATE:20260710T090000Z"),
        event("RECURRENCE-ID:20260603T070000Z", "DTSTART:20260608T090000Z", "DTEND:20260608T100000Z"),
        event("RECURRENCE-ID;TZID=Europe/Berlin:20260604T090000", *start, "STATUS:CANCELLED"),
    )
    assert [begin for begin, _, _ in found(text)] == ["06-01T07:00", "06-05T07:00", "06-08T09:00", "07-10T09:00"]


def test_lines_are_unfolded_and_texts_unescaped() -> None:
    text = event("DTSTART:20260601T090000Z", "DURATION:PT1H")
    text = text.replace("SUMMARY:a", "SUMMARY;LANGUAGE=en:ali\r\n ce\\, bob")
    assert found(whole(text))[0][2] == "alice, bob"


def test_an_event_without_length_never_happens_and_one_that_is_under_way_is_found() -> None:
    text = whole(event("DTSTART:20260601T090000Z"), event("DTSTART:20251230T090000Z", "DURATION:P5D"))
    assert found(text) == [("12-30T09:00", "01-04T09:00", "a")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "BEGIN:VCALENDAR"),
        ("<html>", "line 1: this is no content line"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "line 2: VEVENT is not ended"),
        ("BEGIN:VCALENDAR\nEND:VEVENT\n", 'line 2: "END:VEVENT" ends nothing'),
        (whole(event("DTSTART:2026")), 'line 6: event "a": "2026" is no date or time'),
        (whole(event()), 'line 3: event "a": an event needs a DTSTART'),
        (whole(event("DTSTART;TZID=Mars:20260101T000000")), 'there is no time zone "Mars"'),
        (whole(event("DTSTART:20260101T000000", "DTEND:20250101T000000")), "ends after its start"),
        (whole(event("DTSTART:20260101T000000", "RRULE:FREQ=SECONDLY")), 'line 7: event "a": FREQ is "SECONDLY"'),
        (whole(event("DTSTART:20260101T000000", "RRULE:FREQ=DAILY;COUNT=999999")), "is no number from 1 to"),
        (whole(event("DTSTART:20260101T000000", "RRULE:FREQ=DAILY;BYHOUR=1,2")), "2 times a day: once would be"),
        (whole(event("DTSTART:20260101T000000", "RRULE:FREQ=DAILY;BYDAY=XX")), "no recurrence rule"),
        (whole(*[event("DTSTART:20260101T000000", "RRULE:FREQ=DAILY")] * 501), "500 that recur"),
    ],
)
def test_what_is_no_calendar_is_refused_at_its_line(text: str, said: str) -> None:
    with pytest.raises(CalendarFailure, match=said.replace("(", "\\(")):
        read_calendar(text, BERLIN)


@given(
    start=st.integers(0, 200_000_000).map(lambda s: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    every=st.integers(1, 40),
    weekly=st.booleans(),
    hours=st.integers(1, 30),
)
def test_days_and_weeks_recur_as_counting_by_hand_says(start: datetime, every: int, weekly: bool, hours: int) -> None:
    frequency = "WEEKLY" if weekly else "DAILY"
    text = event(f"DTSTART:{start:%Y%m%dT%H%M%S}Z", f"DURATION:PT{hours}H", f"RRULE:FREQ={frequency};INTERVAL={every}")
    since, until, step = ms("2026-03-01"), ms("2026-07-01"), timedelta(days=every * (7 if weekly else 1))
    by_hand, begin = list[int](), start
    while (at := round(begin.timestamp() * 1000)) < until:
        by_hand += [at] if at + hours * 3_600_000 > since else []
        begin += step
    assert [one.since for one in read_calendar(whole(text), BERLIN).between(since, until)] == by_hand


@given(st.text(alphabet='BEGIN:VTDSAR;=,0123456789TZ\r\n \\"-+', max_size=200))
def test_any_text_is_a_calendar_or_is_refused(middle: str) -> None:
    try:
        calendar = read_calendar(whole(event("DTSTART:20260101T000000Z", middle)), BERLIN)
    except CalendarFailure:
        return
    calendar.between(ms("2026-01-01"), ms("2026-02-01"))
