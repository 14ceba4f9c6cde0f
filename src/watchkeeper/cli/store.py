"""`watchkeeper store`: look at the store, bring its schema up to date, and restore it, while no server runs."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from watchkeeper.app.configuration import load
from watchkeeper.app.maintenance import Restored, inspected, migrated, pending_statements, restored
from watchkeeper.app.telemetry import Telemetry
from watchkeeper.base.failure import Failure
from watchkeeper.store.inspection import Inspection

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


@click.group()
def store() -> None:
    """Look after the store. A data folder must not be in use by a server meanwhile."""


def _where(command: F) -> F:
    """The options that say which store is meant."""
    folder = click.Path(path_type=Path, file_okay=False)
    file = click.Path(path_type=Path, dir_okay=False, exists=True)
    for option in (
        click.option("--config", "configs", multiple=True, type=file, help="Take `storage:` from this configuration."),
        click.option("--storage-url", default="", help="A ClickHouse server (clickhouse://…) instead of a folder."),
        click.option(
            "--data",
            default=Path("data"),
            show_default=True,
            envvar="WATCHKEEPER_DATA",
            type=folder,
            help="Data folder.",
        ),
    ):
        command = option(command)
    return command


@store.command()
@_where
def status(data: Path, storage_url: str, configs: tuple[Path, ...]) -> None:
    """Show schema steps, sizes, series, the time that samples span, and broken parts.

    Ends with 0, with 2 where schema steps are pending or parts are broken, and with 1 where the store cannot be read.
    """
    telemetry, found = _run(inspected, data, storage_url, configs)
    click.echo(f"store: {telemetry}")
    for line in _lines(found):
        click.echo(line)
    if found.pending or found.broken:
        sys.exit(2)


@store.command()
@_where
@click.option("--dry-run", is_flag=True, help="Print the statements, run none.")
def migrate(data: Path, storage_url: str, configs: tuple[Path, ...], dry_run: bool) -> None:
    """Take the schema steps that are missing; `serve` does so by itself at its start.

    Ends with 0 where the schema is up to date afterwards (with --dry-run: was already), with 2 where a dry run finds
    steps to take, and with 1 where something fails.
    """
    if dry_run:
        _, statements = _run(pending_statements, data, storage_url, configs)
        for statement in statements:
            click.echo(f"{statement};\n")
        sys.exit(2 if statements else 0)
    _, taken = _run(migrated, data, storage_url, configs)
    for step in taken:
        click.echo(f"step {step.number} ({step.name}) taken")
    if not taken:
        click.echo("the schema is up to date")


@store.command()
@_where
@click.argument("snapshot")
@click.option("--replace", is_flag=True, help="Let go of what the store holds now.")
def restore(snapshot: str, data: Path, storage_url: str, configs: tuple[Path, ...], replace: bool) -> None:
    """Put SNAPSHOT in the place of the store.

    SNAPSHOT is a name that the snapshot API gave, or the path of such a folder, wherever it has been copied to. A
    store that holds series is replaced with --replace only. Until the snapshot has been read whole, nothing changes.
    """

    async def work(telemetry: Telemetry) -> Restored:
        return await restored(telemetry, snapshot, replace=replace)

    telemetry, done = _run(work, data, storage_url, configs)
    click.echo(f"{telemetry} holds snapshot {done.name} now: {done.series} series")


def _run(
    work: Callable[[Telemetry], Any], data: Path, storage_url: str, configs: tuple[Path, ...]
) -> tuple[Telemetry, Any]:
    # What fails is said once, below.
    logging.getLogger("watchkeeper").addHandler(logging.NullHandler())
    try:
        telemetry = _telemetry(data, storage_url, configs)
        return telemetry, asyncio.run(work(telemetry))
    except Failure as failure:
        click.echo(f"watchkeeper: {failure}", err=True)
        sys.exit(1)


def _telemetry(data: Path, storage_url: str, configs: tuple[Path, ...]) -> Telemetry:
    if storage_url and configs:
        raise click.UsageError("--storage-url and --config cannot both name the store")
    if configs:
        return Telemetry.of(data, load(configs, os.environ).sections.storage)
    return Telemetry(data, storage_url)


def _lines(found: Inspection) -> list[str]:
    lines = ["schema:"]
    lines += [f"  {step.number}  {step.name:<24} {'taken' if step.applied else 'pending'}" for step in found.steps]
    if not found.tables and found.pending:
        return [*lines, "there is nothing in it yet"]
    lines.append(f"series: {found.series} of {found.tenants} tenant{'' if found.tenants == 1 else 's'}")
    lines.append(f"samples: {_span(found)}")
    lines.append("tables:")
    for table in found.tables:
        size = f"{table.size_bytes / 2**20:,.1f} MiB"
        lines.append(f"  {table.name:<24} {size:>14} {table.rows:>16,} rows {table.parts:>6} parts")
    lines.append("broken parts: " + ("none" if not found.broken else ""))
    return [*lines, *(f"  {part}" for part in found.broken)]


def _span(found: Inspection) -> str:
    if found.oldest_ms is None or found.newest_ms is None:
        return "none"
    first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (found.oldest_ms, found.newest_ms))
    return f"from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"
