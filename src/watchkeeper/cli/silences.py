"""`watchkeeper silences`: when does it mute?"""

from __future__ import annotations

import os
import time
from heapq import merge
from itertools import islice
from pathlib import Path

import click

from watchkeeper.alerts import RecurringSilence
from watchkeeper.alerts.recurring.schedule import Span, local_text
from watchkeeper.app.configuration import find_files, load
from watchkeeper.cli.refusal import refusal


@click.group()
def silences() -> None:
    """Look at silences."""


@silences.command(name="next")
@click.option(
    "--config",
    "--config.file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A configuration file; several are merged as `serve` merges them. Without any, the one that lies here.",
)
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 100), help="How many of each.")
@click.argument("names", nargs=-1, metavar="NAME…")
def next_(files: tuple[Path, ...], limit: int, names: tuple[str, ...]) -> None:
    """Print when the recurring silences of a configuration mute next, each on its own zone's clock.

    With NAMES, only those. One that has ended for good is said to be over.
    """
    found = _recurring(files or find_files(Path()))
    unknown = [name for name in names if name not in {one.name for one in found}]
    if unknown:
        known = ", ".join(one.name for one in found) or "none at all"
        click.echo(f'there is no recurring silence "{unknown[0]}": the configuration has {known}', err=True)
        raise SystemExit(2)
    wanted = [one for one in found if not names or one.name in names]
    if not wanted:
        click.echo("the configuration has no recurring silences")
    now = time.time_ns() // 1_000_000
    upcoming = [[(span, one) for span in islice(one.schedule.spans(now), limit)] for one in wanted]
    for span, one in merge(*upcoming, key=lambda pair: pair[0].starts_at):
        click.echo(_line(span, one, now))
    for one, spans in zip(wanted, upcoming, strict=True):
        if not spans:
            click.echo(f"{one.name}: over, it mutes no more")


def _recurring(files: tuple[Path, ...]) -> tuple[RecurringSilence, ...]:
    with refusal():
        return load(files, os.environ).silencing.recurring


def _line(span: Span, one: RecurringSilence, now: int) -> str:
    zone = one.schedule.time_zone
    state = " (active)" if span.starts_at <= now else ""
    return f"{local_text(span.starts_at, zone)} to {local_text(span.ends_at, zone)}  {one.name}{state}"
