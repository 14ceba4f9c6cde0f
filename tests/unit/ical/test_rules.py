"""Recurrence rules: the days that they fall on, as dateutil finds them, and what they may cost."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from calendars import BERLIN, event, whole

from watchkeeper.base.ical import CalendarFailure, read_calendar
from watchkeeper.base.ical.calendar import MOST_DAYS
from watchkeeper.base.ical.recurrence import Effort
from watchkeeper.base.ical.rule import read_rule
from watchkeeper.base.ical.zone import UTC_ZONE

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def numbers(most: int, least: int | None = None) -> st.SearchStrategy[str]:
    one = st.integers(-most if least is None else least, most).filter(bool)
    return st.sets(one, min_size=1, max_size=4).map(lambda those: ",".join(map(str, sorted(those))))


def clock(most: int, count: int) -> st.SearchStrategy[str]:
    """Up to so many numbers of a clock."""
    those = st.sets(st.integers(0, most), min_size=1, max_size=count)
    return those.map(lambda those: ",".join(map(str, those)))


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, datetime]:
    """A rule that comes soon, and the first time of its event."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    start = datetime(2024, 1, 1, 9) + timedelta(days=draw(st.integers(0, 800)))  # noqa: DTZ001  # a local time
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}", f"WKST={draw(st.sampled_from(DAYS))}"]
    if draw(st.booleans()):
        parts.append(f"BYMONTH={draw(numbers(12, 1))}")
    day = draw(st.sampled_from(["", "BYDAY", "NTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"]))
    if day == "BYDAY" or (day == "NTH" and frequency in ("DAILY", "WEEKLY")):
        parts.append(f"BYDAY={','.join(draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=3)))}")
    elif day == "NTH":
        parts.append(f"BYDAY={draw(st.sampled_from([1, 2, 4, -1, -2]))}{draw(st.sampled_from(DAYS))}")
    elif day == "BYWEEKNO" and frequency == "YEARLY":
        parts.append(f"BYWEEKNO={draw(numbers(52))};BYDAY={draw(st.sampled_from(DAYS))}")
    elif day in ("BYMONTHDAY", "BYYEARDAY"):
        parts.append(f"{day}={draw(numbers(28 if day == 'BYMONTHDAY' else 360))}")
    if frequency in ("MONTHLY", "YEARLY") and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(st.sampled_from(['1', '-1', '2', '1,-2']))}")
    if draw(st.booleans()):
        most = 1 if "BYSETPOS" in parts[-1] else 3
        parts += [f"BYHOUR={draw(clock(23, most))}", f"BYMINUTE={draw(clock(59, most))}"]
    return ";".join(parts), start


@given(rules())
def test_rules_fall_on_the_days_that_dateutil_finds(drawn: tuple[str, datetime]) -> None:
    text, start = drawn
    last = start + timedelta(days=3000)
    try:
        rule = read_rule(text, start, UTC_ZONE, 1, Effort(1e9), 9)
    except CalendarFailure as failure:
        assert "falls on no day" in str(failure)
        rule = None
    twin = rrulestr(f"{text};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=start) if rule is not None else ()
    ours = list(islice(rule.between(start, last), 300)) if rule is not None else []
    assert ours == list(islice(twin, 300))


@given(st.integers(1, 20), st.integers(0, 3000), st.integers(1, 40))
def test_a_count_ends_a_rule(count: int, days: int, every: int) -> None:
    start = datetime(2024, 1, 1)  # noqa: DTZ001  # a local time
    rule = read_rule(f"FREQ=DAILY;INTERVAL={every};COUNT={count}", start, UTC_ZONE, 1, Effort(1e9))
    since = start + timedelta(days=days)
    by_hand = [start + timedelta(days=every * i) for i in range(count)]
    assert list(rule.between(since, datetime(2090, 1, 1))) == [one for one in by_hand if one >= since]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["RRULE:FREQ=SECONDLY;UNTIL=20991231T000000Z"], 'FREQ is "SECONDLY": DAILY, WEEKLY, MONTHLY or YEARLY'),
        (["RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"], "its rule falls on no day at all"),
        (["RRULE:FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1"], "its rule falls on no day at all"),
        (["RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9"], "its rule falls on no day at all"),
        (["RRULE:FREQ=DAILY;BYHOUR=24"], "BYHOUR 24 is no number from 0 to 23"),
        (["RRULE:FREQ=YEARLY;BYEASTER=0"], "there is no BYEASTER"),
        (["RDATE:" + ",".join(["20260101T000000Z"] * 2001)], "an event has more than 2000 dates"),
    ],
)
def test_hostile_events_are_refused_by_name(lines: list[str], said: str) -> None:
    text = event("DTSTART:20260101T000000Z", *lines).replace("SUMMARY:a", "SUMMARY:alice\\, primary")
    with pytest.raises(CalendarFailure, match=rf'line \d+: event "alice, primary": .*{said}'):
        read_calendar(whole(text), BERLIN)


def test_many_hostile_rules_cost_no_more_than_so_many_days() -> None:
    # Each is looked for over 74 years, and all but the last thousand days of the bound are spent by the first few.
    text = event(
        "DTSTART:20260101T000000Z", "RRULE:FREQ=DAILY;BYMONTHDAY=31;BYDAY=MO;BYYEARDAY=1;UNTIL=20990101T000000Z"
    )
    with pytest.raises(CalendarFailure, match='event "a": its rules are too much work'):
        read_calendar(whole(*[text] * 400), BERLIN)
    assert len(read_calendar(whole(*[text] * (MOST_DAYS // 27_000)), BERLIN).summaries) == 1


def test_dates_of_all_events_together_are_bounded() -> None:
    dates = "RDATE:" + ",".join(["20260101T000000Z"] * 2000)
    with pytest.raises(CalendarFailure, match='event "a": with it there are more than 50000 dates'):
        read_calendar(whole(*[event("DTSTART:20260101T000000Z", dates)] * 26), BERLIN)


def test_lines_components_and_zones_without_end_are_refused() -> None:
    with pytest.raises(CalendarFailure, match="line 500001: more than 500000 content lines"):
        read_calendar("BEGIN:VCALENDAR\n" + "A:\n" * 500_000, BERLIN)
    with pytest.raises(CalendarFailure, match="more than 100000 components"):
        read_calendar(whole("BEGIN:A\nEND:A\n" * 100_001), BERLIN)
    with pytest.raises(CalendarFailure, match="more than 200 time zones"):
        read_calendar(whole("BEGIN:VTIMEZONE\nEND:VTIMEZONE\n" * 201), BERLIN)


def test_a_rule_of_leap_days_is_found_years_ahead() -> None:
    text = whole(event("DTSTART:20240229T090000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY"))
    since = round(datetime(2027, 6, 1, tzinfo=UTC).timestamp() * 1000)
    [one] = read_calendar(text, BERLIN).between(since, since + 365 * 86_400_000)
    assert datetime.fromtimestamp(one.since / 1000, UTC).date().isoformat() == "2028-02-29"
