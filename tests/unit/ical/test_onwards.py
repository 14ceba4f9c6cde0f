"""Occurrences that are otherwise from one of them on: RANGE=THISANDFUTURE."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from calendars import BERLIN, event, found, whole

from watchkeeper.base.ical import CalendarFailure, read_calendar

DAILY = event("DTSTART;TZID=Europe/Berlin:20260326T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=6")
FROM_28 = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260328T090000"


def test_what_follows_is_put_off_by_as_much_and_lasts_as_long() -> None:
    later = event(FROM_28, "DTSTART;TZID=Europe/Berlin:20260328T110000", "DURATION:PT2H").replace(
        "SUMMARY:a", "SUMMARY:b"
    )
    # On the clock, over a change of clocks on the 29th.
    assert found(whole(DAILY, later)) == [
        ("03-26T08:00", "03-26T09:00", "a"),
        ("03-27T08:00", "03-27T09:00", "a"),
        ("03-28T10:00", "03-28T12:00", "b"),
        ("03-29T09:00", "03-29T11:00", "b"),
        ("03-30T09:00", "03-30T11:00", "b"),
        ("03-31T09:00", "03-31T11:00", "b"),
    ]


def test_the_last_such_change_counts_and_a_single_one_stays_as_it_is() -> None:
    later = event(FROM_28, "DTSTART;TZID=Europe/Berlin:20260328T110000", "DURATION:PT1H")
    latest = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260330T070000Z", "DTSTART:20260330T050000Z", "DURATION:PT1H")
    alone = event("RECURRENCE-ID:20260329T070000Z", "DTSTART:20260329T200000Z", "DURATION:PT1H")
    begins = [begin for begin, _, _ in found(whole(DAILY, later, latest, alone))]
    assert begins[2:] == ["03-28T10:00", "03-29T20:00", "03-30T05:00", "03-31T05:00"]


def test_all_that_follows_can_be_cancelled() -> None:
    text = whole(DAILY, event(FROM_28, "DTSTART;TZID=Europe/Berlin:20260328T090000", "STATUS:CANCELLED"))
    assert [begin for begin, _, _ in found(text)] == ["03-26T08:00", "03-27T08:00"]


def test_what_comes_into_a_window_by_being_put_off_is_found() -> None:
    far = event(FROM_28, "DTSTART;TZID=Europe/Berlin:20261028T090000", "DURATION:PT1H")
    assert [begin for begin, _, _ in found(whole(DAILY, far), "2026-10-01", "2026-12-01")] == [
        "10-28T08:00",
        "10-29T08:00",
        "10-30T08:00",
        "10-31T08:00",
    ]


@pytest.mark.parametrize(
    ("range_", "start", "said"),
    [
        ("THISANDPRIOR", "20260328T090000", 'event "a": RANGE is "THISANDPRIOR": THISANDFUTURE would be right'),
        ("THISANDFUTURE", "20280328T090000", 'event "a": occurrences are put off by 400 days at the most'),
    ],
)
def test_another_range_and_one_put_off_by_years_are_refused(range_: str, start: str, said: str) -> None:
    with pytest.raises(CalendarFailure, match=said):
        read_calendar(whole(event(f"RECURRENCE-ID;RANGE={range_}:20260328T090000", f"DTSTART:{start}")), BERLIN)
