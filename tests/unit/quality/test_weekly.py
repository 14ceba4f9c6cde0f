"""The review of each week goes to a receiver, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import open_journal
from watchkeeper.app.configuration import load_text
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.journal import Entry, Journal, Kind
from watchkeeper.model.notification import Flush
from watchkeeper.oncall.quality import ReviewPlan, WeeklyReview
from watchkeeper.oncall.quality.week import Week
from watchkeeper.store.control import ControlDatabase

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000
DAY = 24 * HOUR
RECEIVERS = "\nreceivers: [{name: chat}, {name: mail}]"
MONDAYS = "quality: {review_receiver: chat, time_zone: Europe/Berlin}"


def ms(text: str) -> int:
    """An instant on Berlin's clock."""
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1000)


@dataclass
class Clock:
    """A clock that tests move by hand."""

    ms: int

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1000


@dataclass
class Told:
    """Writes down what it is handed; `succeeds` is what it says."""

    flushes: list[Flush] = field(default_factory=list)
    succeeds: bool = True

    async def notify(self, flush: Flush) -> bool:
        self.flushes.append(flush)
        return self.succeeds

    def take(self) -> list[Flush]:
        taken, self.flushes = self.flushes, []
        return taken


@dataclass
class Office:
    """Weekly reviews, one process after the other on the same database."""

    control: ControlDatabase
    journal: Journal
    clock: Clock
    told: Told = field(default_factory=Told)

    async def process(self, text: str = MONDAYS) -> WeeklyReview:
        weekly = WeeklyReview(self.control, self.journal, self.told, self.clock, "http://watch.example.org")
        await weekly.open()
        weekly.apply(plan(text))
        return weekly

    async def at(self, text: str, weekly: WeeklyReview) -> list[Flush]:
        """What is told when somebody looks at that time."""
        self.clock.ms = ms(text)
        await weekly.look()
        return self.told.take()


def plan(text: str) -> ReviewPlan | None:
    configuration = load_text(text + RECEIVERS, "f.yml", {})
    section = configuration.sections.quality
    if not section.review_receiver:
        return None
    severities = configuration.severities
    return ReviewPlan(section.review_receiver, section.week(severities), severities)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    control = ControlDatabase.at(f"sqlite:///{tmp_path / 'control.db'}")
    clock = Clock(ms("2026-10-21T12:00"))
    journal = await open_journal(control, clock)
    yield Office(control, journal, clock)
    await journal.close()
    await control.close()


async def test_the_review_of_a_week_is_sent_once_it_is_over_and_once_only(office: Office) -> None:
    labels = {"alertname": "Full", "severity": "critical"}
    for at in (ms("2026-10-19T08:59"), ms("2026-10-19T09:00"), ms("2026-10-25T12:00")):
        details = {"labels": labels, "startsAt": at, "endsAt": at + HOUR}
        office.journal.record(
            Entry(Kind.ALERT_FIRED, at, "fires", alerts=("a",), details=details),
            Entry(Kind.ALERT_RESOLVED, at + HOUR, "ended", alerts=("a",), details=details),
        )
    weekly = await office.process()
    assert await office.at("2026-10-21T12:00", weekly) == []
    # Clocks go back on the 25th.
    assert await office.at("2026-10-26T08:59", weekly) == []
    (flush,) = await office.at("2026-10-26T09:00", weekly)
    assert await office.at("2026-10-26T09:01", weekly) == []
    assert await office.at("2026-10-27T09:00", await office.process()) == []
    assert len(await office.at("2026-11-02T09:00", weekly)) == 1
    (alert,) = flush.alerts
    assert (flush.receiver, flush.tenant, dict(alert.labels)) == (
        "chat",
        "default",
        {"alertname": "AlertQualityReview"},
    )
    assert alert.annotations["summary"] == (
        "Alerts from 2026-10-19 07:00:00 UTC to 2026-10-26 08:00:00 UTC: 2 firings, 0 notifications, 0 at night; "
        "somebody acted on 0, in time on 0 of 2 that were due."
    )
    assert "| Full | 2 | 2.0 | 1h | 1h | 0 | 0/2 | 0 | 0 | 0 |" in alert.annotations["description"]
    assert alert.generator_url.startswith(
        "http://watch.example.org/api/watchkeeper/v1/quality/review?since=2026-10-19T07%3A00%3A00.000Z&"
    )


async def test_what_could_not_be_told_is_told_later_and_given_up_after_four_days(office: Office) -> None:
    weekly = await office.process()
    await weekly.look()
    office.told.succeeds = False
    first, second = [(await office.at(f"2026-10-26T{clock}", weekly))[0] for clock in ("09:00", "10:00")]
    # By the same key the notification log knows who has been told already.
    assert first.group_key == second.group_key
    office.told.succeeds = True
    assert len(await office.at("2026-10-26T11:00", await office.process())) == 1
    office.told.succeeds = False
    assert len(await office.at("2026-11-02T09:00", weekly)) == 1
    assert await office.at("2026-11-06T09:00", weekly) == []


async def test_a_review_that_was_due_while_no_process_ran_is_sent_at_the_next_start(office: Office) -> None:
    await (await office.process()).look()
    assert len(await office.at("2026-10-27T15:00", await office.process())) == 1


async def test_another_time_of_the_week_begins_with_the_week_under_way(office: Office) -> None:
    weekly = await office.process()
    await weekly.look()
    weekly.apply(plan(MONDAYS.replace("chat,", "chat, review_at: Tue 09:00,")))
    assert await office.at("2026-10-28T09:00", weekly) == []
    assert len(await office.at("2026-11-03T09:00", weekly)) == 1
    weekly.apply(None)
    assert await office.at("2026-11-10T09:00", weekly) == []
    weekly.apply(plan(MONDAYS))
    assert await office.at("2026-11-11T09:00", weekly) == []


@given(st.integers(0, 6), st.integers(0, 1439), st.integers(ms("2026-01-01T00:00"), ms("2028-01-01T00:00")))
def test_weeks_follow_one_another_without_a_gap(weekday: int, minute: int, at: int) -> None:
    week = Week(weekday, minute, "Europe/Berlin")
    since, until = week.last(at)
    assert until <= at < until + 7 * DAY + HOUR
    assert week.last(since) == (week.last(since)[0], since)
    assert week.last(until - 1)[1] == since


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{review_receiver: chatt}", 'f.yml:1:28: quality.review_receiver: there is no receiver "chatt": did you mean'),
        ("{review_receiver: chat, review_at: 'someday 9'}", '"someday 9" is no time of the week'),
        ("{review_receiver: chat, review_at: Mon 9}", '"9" is no time of day'),
        ("{review_receiver: chat, time_zone: Nowhere}", 'there is no time zone "Nowhere"'),
        ("{review_at: Tue 09:00}", "review_receiver is missing"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(section: str, said: str) -> None:
    with pytest.raises(ConfigurationFailure) as raised:
        load_text(f"quality: {section}{RECEIVERS}", "f.yml", {})
    assert said in str(raised.value)
    assert "f.yml:1:" in str(raised.value)


def test_without_a_zone_of_its_own_the_review_is_on_the_clock_of_the_business_hours() -> None:
    text = "quality: {review_receiver: chat}\nbusiness_hours: {time_zone: Asia/Tokyo}"
    found = plan(text)
    assert found is not None
    assert str(found.week) == "monday 09:00 Asia/Tokyo"
