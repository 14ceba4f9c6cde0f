"""`watchkeeper oncall`, over files."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli import main

CONFIG = """
people: [{name: alice, display_name: Alice}, {name: bob}]
schedules:
- name: primary
  time_zone: Europe/Berlin
  layers: [{rotation: weekly, start: 2026-01-05, handover: "09:00", people: [alice, bob]}]
- name: nights
  layers:
  - rotation: daily
    start: 2026-01-05
    people: [[alice, bob]]
    restrictions: [{start_time: "18:00", end_time: "08:00"}]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "watchkeeper.yml"
    path.write_text(CONFIG)
    return path


def run(*command: str) -> Result:
    return CliRunner().invoke(main, ["oncall", *command])


def test_who_names_people_and_until_when_and_ends_with_1_where_there_is_nobody(config: Path) -> None:
    day = run("who", "--config", str(config), "--at", "2026-03-25T12:00")
    assert day.output == (
        "primary: bob (until 2026-03-30T09:00:00+02:00)\nnights: nobody (until 2026-03-25T18:00:00+00:00)\n"
    )
    assert day.exit_code == 1
    one = run("who", "--config", str(config), "--at", "2026-04-01T12:00Z", "--schedule", "primary")
    assert (one.output, one.exit_code) == ("primary: alice (Alice) (until 2026-04-06T09:00:00+02:00)\n", 0)


def test_a_schedule_is_printed_with_its_gaps(config: Path) -> None:
    shown = run("schedule", "nights", "--config", str(config), "--at", "2026-03-25T00:00", "--days", "1")
    assert shown.output.splitlines() == [
        "2026-03-25T00:00:00+00:00  2026-03-25T08:00:00+00:00  alice, bob",
        "2026-03-25T08:00:00+00:00  2026-03-25T18:00:00+00:00  NOBODY",
        "2026-03-25T18:00:00+00:00  2026-03-26T00:00:00+00:00  alice, bob",
    ]
    assert shown.exit_code == 1


def test_what_cannot_be_told_is_said(config: Path) -> None:
    unknown = run("schedule", "primry", "--config", str(config))
    assert (unknown.exit_code, 'did you mean "primary"?' in unknown.output) == (2, True)
    assert run("who", "--config", str(config), "--at", "noon").exit_code == 2
    assert run("who").exit_code == 2
    config.write_text("schedules: []")
    nobody = run("who", "--config", str(config))
    assert (nobody.exit_code, nobody.stdout) == (1, "")
    assert "there is no schedule" in nobody.stderr


def test_the_presets_can_be_used_as_they_are_printed(tmp_path: Path) -> None:
    path = tmp_path / "watchkeeper.yml"
    path.write_text(run("presets").output)
    checked = CliRunner().invoke(main, ["check", "config", str(path)])
    assert checked.exit_code == 0
    assert "2 schedules, 7 escalation policies" in checked.output
