"""Schedules that live by calendars of other programs."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from answering import answering

sys.path.insert(0, str(Path(__file__).parent))

from oncall_workshop import PEOPLE, ms

from journals import open_journal
from watchkeeper.app.configuration import Configuration, load_text
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.journal import Search
from watchkeeper.oncall import Schedule
from watchkeeper.oncall.calendars import Calendars
from watchkeeper.oncall.calendars.calendars import EVERY_MS
from watchkeeper.store.control import ControlDatabase

ROTATION = "layers: [{rotation: daily, start: 2025-01-01, people: [carol]}]"
WEEK = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
SUMMARY:Alice\\, bob\\, Santa
DTSTART;VALUE=DATE:20251121
DTEND;VALUE=DATE:20251128
END:VEVENT
END:VCALENDAR
"""


def loaded(folder: Path, schedule: str) -> Configuration:
    text = PEOPLE.replace("URL", "http://127.0.0.1:1") + f"schedules: [{{name: primary, {schedule}}}]\n"
    return load_text(text, str(folder / "watchkeeper.yml"), {})


def primary(configuration: Configuration) -> Schedule:
    return configuration.roster.schedules["primary"]


def test_events_go_before_rotations_and_name_people_as_people_are_called(tmp_path: Path) -> None:
    (tmp_path / "week.ics").write_text(WEEK)
    configuration = loaded(tmp_path, f"ical_file: week.ics, {ROTATION}")
    shifts = primary(configuration).shifts(ms("2025-11-20"), ms("2025-11-29"))
    assert [(one.since, one.people) for one in shifts] == [
        (ms("2025-11-20"), ("carol",)),
        (ms("2025-11-21"), ("alice", "bob")),
        (ms("2025-11-28"), ("carol",)),
    ]
    (warning,) = configuration.warnings
    assert 'schedules[0].ical_file: an event names "Santa", and there is no such person' in str(warning)


def test_a_schedule_of_a_calendar_alone_has_gaps_where_nothing_happens(tmp_path: Path) -> None:
    (tmp_path / "week.ics").write_text(WEEK)
    (before, _) = primary(loaded(tmp_path, "ical_file: week.ics")).gaps(ms("2025-11-20"), ms("2025-11-29"))
    assert (before.since, before.until) == (ms("2025-11-20"), ms("2025-11-21"))


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("ical_file: none.ics", "there is no file"),
        ("ical_file: bad.ics", "bad.ics: line 1: this is no content line"),
        ("ical_file: bad.ics, ical_url: 'http://127.0.0.1/x'", "two calendars"),
        ("ical_url: 'ftp://127.0.0.1/x'", "ical_url"),
        ("time_zone: UTC", "needs at least one layer, or a calendar"),
    ],
)
def test_a_wrong_calendar_is_refused_at_its_place(tmp_path: Path, schedule: str, said: str) -> None:
    (tmp_path / "bad.ics").write_text("<html>")
    with pytest.raises(ConfigurationFailure) as raised:
        loaded(tmp_path, schedule)
    assert said in str(raised.value.problems[0])
    assert raised.value.problems[0].place.line == 18


@dataclass
class Server:
    """Serves `content` with an ETag; remembers what was asked with."""

    url: str = ""
    content: str = WEEK
    status: int = 200
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        tag = f'"{hash(self.content)}"'
        self.asked.append(request.headers.get("If-None-Match", ""))
        if self.status == 200 and request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        return web.Response(status=self.status, text=self.content, headers={"ETag": tag})


@pytest.fixture
async def server() -> AsyncGenerator[Server]:
    server = Server()
    async with answering(server.handle) as url:
        server.url = f"{url}/hidden"
        yield server


@asynccontextmanager
async def opened(control: ControlDatabase, clock: Any) -> AsyncGenerator[tuple[Calendars, CollectorRegistry]]:
    registry = CollectorRegistry()
    journal = await open_journal(control, clock)
    calendars = Calendars(control, journal, clock, registry, {})
    await calendars.open()
    yield calendars, registry
    await calendars.close()
    await journal.close()


async def recorded(control: ControlDatabase, clock: Any) -> list[str]:
    """What the journal says of calendars, the oldest first."""
    journal = await open_journal(control, clock)
    entries = await journal.find(Search(kinds=("calendar",)))
    await journal.close()
    return [entry.text for entry in reversed(entries)]


async def test_a_url_is_asked_every_quarter_of_an_hour_with_what_it_said_last(
    control: ControlDatabase, clock: Any, server: Server, tmp_path: Path
) -> None:
    configuration = loaded(tmp_path, f"ical_url: '{server.url}'")
    async with opened(control, clock) as (calendars, _):
        await calendars.apply(configuration.calendars)
        assert primary(configuration).who(ms("2025-11-22")) == ()
        await calendars.round()
        assert primary(configuration).who(ms("2025-11-22")) == ("alice", "bob")
        clock.ms += EVERY_MS - 1
        await calendars.round()
        assert server.asked == [""]
        clock.ms += 1
        await calendars.round()
        assert server.asked[1:] == [f'"{hash(WEEK)}"']
        assert primary(configuration).who(ms("2025-11-22")) == ("alice", "bob")


@pytest.mark.parametrize(("status", "content"), [(500, WEEK), (200, "<html>")])
async def test_a_bad_copy_changes_nothing_and_is_shown_even_over_a_restart(
    control: ControlDatabase, clock: Any, server: Server, tmp_path: Path, status: int, content: str
) -> None:
    configuration = loaded(tmp_path, f"ical_url: '{server.url}'")
    async with opened(control, clock) as (calendars, _):
        await calendars.apply(configuration.calendars)
        await calendars.round()
    server.status, server.content = status, content
    again = loaded(tmp_path, f"ical_url: '{server.url}'")
    async with opened(control, clock) as (calendars, registry):
        await calendars.apply(again.calendars)
        assert primary(again).who(ms("2025-11-22")) == ("alice", "bob")
        await calendars.round()
        assert primary(again).who(ms("2025-11-22")) == ("alice", "bob")
        (feed,) = calendars.feeds()
        assert feed.failure
        assert "hidden" not in feed.failure
        failed = registry.get_sample_value("watchkeeper_calendar_failed", {"calendar": "schedule primary"})
        assert failed == 1


async def test_the_journal_says_what_changes_and_once_that_nothing_can(
    control: ControlDatabase, clock: Any, server: Server, tmp_path: Path
) -> None:
    async def rounds() -> None:
        """Ask twice, after a restart."""
        configuration = loaded(tmp_path, f"ical_url: '{server.url}'")
        async with opened(control, clock) as (calendars, _):
            await calendars.apply(configuration.calendars)
            await calendars.round()
            clock.ms += EVERY_MS
            await calendars.round()

    await rounds()
    server.content = WEEK.replace("bob", "carol")
    await rounds()
    server.status = 500
    await rounds()
    server.content, server.status = "<html>", 200
    await rounds()
    server.content = WEEK.replace("bob", "carol")
    await rounds()
    whose = "the calendar of schedule primary"
    first, second, third, fourth = await recorded(control, clock)
    assert (first, second) == (
        f"{whose} was read for the first time: 1 event",
        f"{whose} has changed: 1 event, 1 before",
    )
    assert third.startswith(f"{whose} cannot be renewed, the copy of 2025-")
    assert third.endswith("its URL gives no calendar: the server answers with 500")
    assert fourth == f"{whose} can be renewed again"


async def test_a_server_that_is_gone_does_not_show_the_address(
    control: ControlDatabase, clock: Any, tmp_path: Path
) -> None:
    configuration = loaded(tmp_path, "ical_url: 'http://127.0.0.1:1/hidden?token=secret'")
    assert "hidden" not in configuration.to_yaml()
    async with opened(control, clock) as (calendars, _):
        await calendars.apply(configuration.calendars)
        await calendars.round()
        (feed,) = calendars.feeds()
        assert "127.0.0.1:1" in feed.failure
        assert not {"hidden", "secret"} & set(feed.failure.replace("/", " ").replace("=", " ").split())


async def test_a_file_is_read_again_when_it_changes(control: ControlDatabase, clock: Any, tmp_path: Path) -> None:
    file = tmp_path / "week.ics"
    file.write_text(WEEK)
    configuration = loaded(tmp_path, "ical_file: week.ics")
    async with opened(control, clock) as (calendars, _):
        await calendars.apply(configuration.calendars)
        file.write_text(WEEK.replace("bob", "carol"))
        await calendars.round()
        assert primary(configuration).who(ms("2025-11-22")) == ("alice", "carol")
        file.unlink()
        await calendars.round()
        assert primary(configuration).who(ms("2025-11-22")) == ("alice", "carol")
        assert "there is no file" in calendars.feeds()[0].failure
