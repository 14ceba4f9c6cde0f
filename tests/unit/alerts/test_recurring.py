"""Silences that come back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from alerts_workshop import T0, Workshop, configuration
from click.testing import CliRunner

from watchkeeper.alerts import Received, RecurringSilenceConflict, RecurringSilenceSection, SilenceState
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.cli import main
from watchkeeper.journal import Search
from watchkeeper.store.control import ControlDatabase

ROUTE = "route: {receiver: a, group_wait: 1s, group_interval: 10s}\n"
# The tests begin on 2025-11-21 at 04:40 UTC.
NIGHTLY = """
recurring_silences:
- {name: nightly, matchers: ['team="x"'], cron: "41 5 * * *", duration: 10m, time_zone: Europe/Berlin,
   created_by: alice, comment: the backup}
"""
BEGIN, END = T0 + 60_000, T0 + 660_000
DAY_MS = 86_400_000
Make = Callable[..., Received]


def made(name: str = "made", matchers: str = 'team="y"', duration: str = "10m") -> RecurringSilenceSection:
    text = (
        f"recurring_silences: [{{name: {name}, matchers: ['{matchers}'], cron: '40 4 * * *', duration: {duration}}}]\n"
    )
    return configuration(ROUTE + text).sections.recurring_silences[0]


async def test_an_occurrence_mutes_as_a_silence_does(workshop: Workshop, alert: Make):
    await workshop.start(ROUTE + NIGHTLY)
    await workshop.pass_s(60)
    await workshop.post(alert("X", team="x", starts_s=60), alert("Y", team="y", starts_s=60))
    await workshop.pass_s(2)
    assert workshop.told() == [("a", "", ["Y"])]
    (held, _) = workshop.room.alerts("default")
    (silence,) = workshop.room.silences.all("default")
    assert workshop.room.status(held).silenced_by == (silence.id,)
    await workshop.pass_s(610)
    assert ("a", "", ["X", "Y"]) in workshop.told()


async def test_an_occurrence_is_listed_a_day_before_it_begins(workshop: Workshop):
    await workshop.start(ROUTE + NIGHTLY)
    (silence,) = workshop.room.silences.all("default")
    assert (silence.starts_at, silence.ends_at, silence.state(T0)) == (BEGIN, END, SilenceState.PENDING)
    assert (silence.created_by, silence.comment) == ("alice", "the backup")
    assert silence.annotations["recurring_silence"] == "nightly"
    workshop.clock.ms += 120_000
    await workshop.room.recurring.plan()
    following, first = sorted(workshop.room.silences.all("default"), key=lambda one: -one.starts_at)
    assert (first, following.starts_at) == (silence, BEGIN + DAY_MS)


async def test_an_occurrence_is_the_same_after_a_restart(workshop: Workshop):
    await workshop.start(ROUTE + NIGHTLY)
    before = workshop.room.silences.all("default")
    await workshop.stop()
    workshop.clock.ms += 90_000
    await workshop.start(ROUTE + NIGHTLY)
    kept = [one for one in workshop.room.silences.all("default") if one.starts_at == BEGIN]
    assert kept == before


async def test_an_occurrence_that_somebody_ended_stays_ended(workshop: Workshop):
    long = NIGHTLY.replace("10m", "23h")
    await workshop.start(ROUTE + long)
    workshop.clock.ms += 120_000
    (silence,) = workshop.room.silences.all("default")
    await workshop.room.silences.expire("default", silence.id)
    await workshop.room.recurring.plan()
    await workshop.room.silences.forget_old(workshop.room.recurring.current())
    await workshop.stop()
    await workshop.start(ROUTE + long)
    states = {one.id: one.state(workshop.clock.ms) for one in workshop.room.silences.all("default")}
    assert states[silence.id] is SilenceState.EXPIRED
    assert sorted(states.values()) == [SilenceState.EXPIRED, SilenceState.PENDING]


async def test_what_a_file_says_no_more_mutes_no_more(workshop: Workshop):
    await workshop.start(ROUTE + NIGHTLY)
    workshop.clock.ms += 120_000
    await workshop.reload(ROUTE)
    assert [one.state(workshop.clock.ms) for one in workshop.room.silences.all("default")] == [SilenceState.EXPIRED]


async def test_a_change_ends_occurrences_and_makes_others(workshop: Workshop):
    await workshop.start(ROUTE)
    await workshop.room.recurring.make(made().recurring("api"))
    (before,) = [one for one in workshop.room.silences.all("default") if one.starts_at == T0]
    workshop.clock.ms += 1000
    await workshop.room.recurring.change(made(matchers='team="z"').recurring("api"))
    now = workshop.clock.ms
    assert workshop.room.silences.get("default", before.id).state(now) is SilenceState.EXPIRED
    (active,) = [one for one in workshop.room.silences.all("default") if one.state(now) is SilenceState.ACTIVE]
    assert (active.starts_at, active.matchers[0].value) == (now, "z")


async def test_those_made_through_the_api_survive_a_restart_and_can_be_deleted(workshop: Workshop):
    await workshop.start(ROUTE)
    recurring = made(matchers='team=~"a|b", "ü-x"!="1\\"2"').recurring("api")
    await workshop.room.recurring.make(recurring)
    await workshop.stop()
    await workshop.start(ROUTE)
    assert workshop.room.recurring.all("default") == [recurring]
    workshop.clock.ms += 1000
    await workshop.room.recurring.delete("default", "made")
    assert workshop.room.recurring.all("default") == []
    await workshop.stop()
    await workshop.start(ROUTE)
    assert workshop.room.recurring.all("default") == []
    entries = await workshop.journal.find(Search(kinds=("silence",)))
    assert 'The recurring silence "made" was deleted.' in [entry.text for entry in entries]
    assert 'The recurring silence "made" mutes from 2025-11-21 04:40 UTC to 2025-11-21 04:50 UTC.' in [
        entry.text for entry in entries
    ]


async def test_one_that_is_not_understood_any_more_keeps_nothing_from_starting(
    workshop: Workshop, control_url: str, caplog: pytest.LogCaptureFixture
):
    await workshop.start(ROUTE)
    for name in ("made", "odd"):
        await workshop.room.recurring.make(made(name).recurring("api"))
    await workshop.stop()
    control = ControlDatabase.at(control_url)
    wrong = "UPDATE alerts_recurring_silences SET document = replace(document, '40 4', '99 4') WHERE name = 'odd'"
    await control.run([(wrong, [{}])])
    await control.close()
    await workshop.start(ROUTE)
    assert [one.name for one in workshop.room.recurring.all("default")] == ["made"]
    assert 'the recurring silence "odd" mutes nothing until it is made again: ' in caplog.text


async def test_those_of_files_cannot_be_changed_elsewhere(workshop: Workshop):
    await workshop.start(ROUTE + NIGHTLY)
    with pytest.raises(RecurringSilenceConflict, match='"nightly" comes from a file'):
        await workshop.room.recurring.delete("default", "nightly")
    with pytest.raises(RecurringSilenceConflict, match="already"):
        await workshop.room.recurring.make(made("nightly").recurring("api"))


async def test_planning_at_the_same_time_makes_nothing_twice(workshop: Workshop):
    await workshop.start(ROUTE)
    await workshop.room.recurring.make(made().recurring("api"))
    await asyncio.gather(
        workshop.room.recurring.plan(),
        workshop.room.recurring.delete("default", "made"),
        workshop.room.recurring.plan(),
    )
    states = [one.state(workshop.clock.ms) for one in workshop.room.silences.all("default")]
    assert set(states) == {SilenceState.EXPIRED}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("cron: '61 * * * *'", '[0]: "61 * * * *" is no cron expression (bad minute): right would be "0 2 * * SUN"'),
        ("cron: '* * *'", '[0]: "* * *" is no cron expression: five fields would be right, such as "0 2 * * SUN"'),
        ("cron: '0 0 31 4 *'", '[0]: "0 0 31 4 *" is no cron expression'),
        ("cron: '0 2 * * *', rrule: FREQ=DAILY", "[0]: either cron or rrule says when it begins, and not both"),
        ("cron: '*/5 * * * *'", "[0]: it begins again after 5m, before its 1h are over"),
        ("cron: '0 2 * * *', start: 2026-01-01T00:00", "[0]: start belongs to an rrule"),
        ("rrule: FREQ=DAILY", "[0]: rrule needs a start"),
        ("rrule: FREQ=HOURLY, start: 2026-01-01T00:00", '[0]: "FREQ=HOURLY": FREQ is "HOURLY": DAILY, WEEKLY'),
        ("rrule: FREQ=DAILY;INTERVAL=0, start: 2026-01-01T00:00", "INTERVAL 0 is no number from 1"),
        ("rrule: FREQ=DAILY;BYDAY=XX, start: 2026-01-01T00:00", "is no recurrence rule"),
        ("rrule: FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30, start: 2026-01-01T00:00", "falls on no day at all"),
        ("rrule: FREQ=DAILY, start: tomorrow", '[0].start: "tomorrow" is no date and time'),
        ("rrule: FREQ=DAILY, start: 2026-01-01T00:00Z", "has an offset"),
        ("cron: '0 2 * * *', time_zone: Berlin", '[0].time_zone: there is no time zone "Berlin"'),
        ("cron: '0 2 * * *', matchers: ['a=~\".*\"']", "at least one matcher must not match the empty string"),
        ("cron: '0 2 * * *', matchers: [a]", "[0].matchers[0]: bad matcher format: a"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, problem: str):
    matchers = "" if "matchers" in text else "matchers: [a=b], "
    with pytest.raises(ConfigurationFailure) as refused:
        configuration(f"recurring_silences: [{{name: n, duration: 1h, {matchers}{text}}}]\n" + ROUTE)
    (found,) = refused.value.problems
    assert problem in str(found)
    assert str(found).startswith("f.yml:1:")


def test_names_differ():
    one = "{name: n, duration: 1h, matchers: [a=b], cron: '0 2 * * *'}"
    with pytest.raises(ConfigurationFailure) as refused:
        configuration(f"recurring_silences: [{one}, {one}]\n" + ROUTE)
    assert 'recurring_silences[1].name: there is another "n" at f.yml:1:29: names must differ' in str(refused.value)


def test_the_command_says_when_it_mutes_next(tmp_path: Path):
    always = "{name: always, matchers: [a=b], cron: '0 0 * * *', duration: 24h, time_zone: Asia/Tokyo}"
    over = "{name: over, matchers: [a=b], rrule: FREQ=DAILY;COUNT=1, start: 2020-01-01T00:00, duration: 1h}"
    (tmp_path / "w.yml").write_text(f"recurring_silences: [{always}, {over}]\n")
    told = CliRunner().invoke(main, ["silences", "next", "--config", str(tmp_path / "w.yml"), "--limit", "2"])
    active, following, ended = told.stdout.splitlines()
    assert re.fullmatch(
        r"\w{3} \d{4}-\d\d-\d\d 00:00 JST to \w{3} \d{4}-\d\d-\d\d 00:00 JST  always \(active\)", active
    )
    assert following.endswith("  always")
    assert ended == "over: over, it mutes no more"
    unknown = CliRunner().invoke(main, ["silences", "next", "--config", str(tmp_path / "w.yml"), "none"])
    assert unknown.exit_code == 2
    assert 'there is no recurring silence "none": the configuration has always, over' in unknown.stderr


EVENTS = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
SUMMARY:the move
DTSTART:20251121T044100Z
DTEND:20251121T050000Z
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:another
DTSTART:20251121T060000Z
DTEND:20251121T070000Z
END:VEVENT
END:VCALENDAR
"""


async def test_each_event_of_a_calendar_is_an_occurrence_that_ends_with_it(workshop: Workshop, tmp_path: Path):
    (tmp_path / "moves.ics").write_text(EVENTS)
    silence = f"""{{name: moves, matchers: ['team="x"'], ical_file: "{tmp_path}/moves.ics"}}"""
    await workshop.start(f"{ROUTE}recurring_silences: [{silence}]\n")
    first, second = sorted(workshop.room.silences.all("default"), key=lambda one: one.starts_at)
    assert (first.starts_at, first.ends_at - first.starts_at) == (BEGIN, 19 * 60_000)
    (recurring,) = workshop.room.recurring.all("default")
    assert recurring.schedule.feed is not None
    recurring.schedule.feed.take(EVENTS.replace("T060000Z", "T063000Z"), T0)
    await workshop.room.recurring.plan()
    states = {one.id: one.state(T0) for one in workshop.room.silences.all("default")}
    assert (states[first.id], states[second.id], len(states)) == (SilenceState.PENDING, SilenceState.EXPIRED, 3)


@pytest.mark.parametrize("further", ["duration: 1h", "cron: '0 1 * * *'", "ical_url: 'http://127.0.0.1/'"])
def test_a_calendar_leaves_nothing_else_to_say_when(further: str, tmp_path: Path):
    (tmp_path / "moves.ics").write_text(EVENTS)
    silence = f"""{{name: m, matchers: ['a="b"'], ical_file: "{tmp_path}/moves.ics", {further}}}"""
    with pytest.raises(ConfigurationFailure, match="calendar"):
        configuration(f"{ROUTE}recurring_silences: [{silence}]\n")
