"""`watchkeeper oncall`: who is on call, and who will be."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files as resources
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import click

from watchkeeper.app.configuration import load
from watchkeeper.base.clock import SystemClock
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.base.failure import Failure
from watchkeeper.cli.asking import Server, answers
from watchkeeper.cli.refusal import refusal
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.oncall import Roster
from watchkeeper.oncall.schedule.local_time import instant_of
from watchkeeper.oncall.schedule.shown import shown_on_call, shown_shifts, time_text

DAY_MS = 86_400_000
_CONFIG = click.option(
    "--config",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A configuration file, for its schedules and overrides; several are merged as `serve` merges them.",
)
_URL = click.option(
    "--url", default="", metavar="URL", help="A running server, which also knows overrides made through its API."
)


@click.group()
def oncall() -> None:
    """Who is on call, now and at any time."""


@oncall.command()
@_CONFIG
@_URL
@click.option("--at", "text", metavar="TIME", help="When: 2026-01-31T18:00, in UTC unless it has an offset. [now]")
@click.option("--schedule", metavar="NAME", help="Only this schedule.")
def who(files: tuple[Path, ...], url: str, text: str | None, schedule: str | None) -> None:
    """Print who is on call by each schedule: NAME, a colon, people, and until when.

    Ends with 1 where nobody is on call by one of them, or there is none, and with 2 where that cannot be told.
    """
    at = _at(text)

    def of_server(url: str) -> Any:
        return _ask(url, "/oncall", at=time_text(at))

    def of_files(roster: Roster) -> Any:
        return shown_on_call(roster.schedules, roster.people, at)

    schedules = _either(files, url, of_server, of_files)["schedules"]
    names = [one["name"] for one in schedules]
    if schedule is not None and schedule not in names:
        _end(f'there is no schedule "{schedule}"{did_you_mean(schedule, names)}')
    chosen = [one for one in schedules if schedule in (None, one["name"])]
    for one in chosen:
        people = ", ".join(_person(person) for person in one["people"]) or "nobody"
        click.echo(f"{one['name']}: {people}" + (f" (until {one['until']})" if one["until"] else ""))
    if not names:
        click.echo("there is no schedule: `schedules` in the configuration has them", err=True)
    raise SystemExit(0 if chosen and all(one["people"] for one in chosen) else 1)


@oncall.command()
@_CONFIG
@_URL
@click.argument("name")
@click.option("--at", "text", metavar="TIME", help="From when on: 2026-01-31T18:00, in UTC unless it has an offset.")
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 400), help="How far ahead.")
def schedule(files: tuple[Path, ...], url: str, name: str, text: str | None, days: int) -> None:
    """Print the final shifts of schedule NAME, one a line: begin, end, people; and its gaps.

    Ends with 1 where it has gaps, and with 2 where that cannot be told.
    """
    since = _at(text)
    until = since + days * DAY_MS

    def of_server(url: str) -> Any:
        return _ask(url, f"/schedules/{quote(name, safe='')}", since=time_text(since), until=time_text(until))

    def of_files(roster: Roster) -> Any:
        if name not in roster.schedules:
            _end(f'there is no schedule "{name}"{did_you_mean(name, roster.schedules)}')
        return shown_shifts(roster.schedules[name], since, until)

    shown = _either(files, url, of_server, of_files)
    for line in _shift_lines(shown):
        click.echo(line)
    raise SystemExit(1 if shown["gaps"] else 0)


@oncall.command()
def presets() -> None:
    """Print escalation policies for the usual severities as YAML to paste, with the people and schedules they need."""
    click.echo((resources("watchkeeper.oncall") / "presets.yml").read_text(encoding="utf-8"), nl=False)


def _shift_lines(shown: Mapping[str, Any]) -> Iterator[str]:
    gaps: list[dict[str, Any]] = [{**gap, "people": []} for gap in shown["gaps"]]
    shifts: list[dict[str, Any]] = [*shown["shifts"], *gaps]
    # Both offsets of a zone may occur: what orders them is the instant, not the text.
    for one in sorted(shifts, key=lambda one: instant_of(one["start"], ZoneInfo("UTC"))):
        yield f"{one['start']}  {one['end']}  {', '.join(one['people']) or 'NOBODY'}"


def _person(person: Mapping[str, str]) -> str:
    name, display = person["name"], person["display_name"]
    return name if display == name else f"{name} ({display})"


def _at(text: str | None) -> int:
    if text is None:
        return SystemClock().now_ms() // 1000 * 1000
    try:
        return instant_of(text, ZoneInfo("UTC"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None


def _either(
    files: tuple[Path, ...], url: str, of_server: Callable[[str], Any], of_files: Callable[[Roster], Any]
) -> Any:
    """What the server says, or the files."""
    if bool(files) == bool(url):
        raise click.UsageError("give either --config FILE or --url URL")
    try:
        with refusal():
            return of_server(url) if url else of_files(load(files, os.environ).roster)
    except Failure as failure:
        _end(str(failure))


def _end(why: str) -> None:
    click.echo(why, err=True)
    raise SystemExit(2)


def _ask(url: str, path: str, **parameters: str) -> Any:
    async def ask(server: Server) -> Any:
        return await server.data(path, params=parameters)

    return asyncio.run(answers(url, DEFAULT_TENANT, ask))
