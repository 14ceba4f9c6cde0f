"""`watchkeeper import`: telemetry from files."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from watchkeeper.app.telemetry import Telemetry, opened
from watchkeeper.base.clock import SystemClock
from watchkeeper.base.failure import Failure
from watchkeeper.model.samples import DEFAULT_TENANT, AppendOutcome
from watchkeeper.receive import openmetrics_import
from watchkeeper.receive.openmetrics_import import Checked, ImportFailure
from watchkeeper.store import FREE, Store, StoreOptions


@click.group("import")
def import_() -> None:
    """Bring telemetry from files into the store."""


@import_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data", default=Path("data"), show_default=True, type=click.Path(path_type=Path), help="Data folder.")
@click.option("--storage-url", default="", help="A ClickHouse cluster (clickhouse://…) instead of the data folder.")
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Whose samples they are.")
def openmetrics(file: Path, data: Path, storage_url: str, tenant: str) -> None:
    """Import FILE, OpenMetrics text in which each sample has its timestamp (.gz is unpacked).

    Samples may be of any age and in any order. The whole file is checked before anything is stored, and importing
    it twice is the same as once. No server may run on the data folder meanwhile.
    """
    try:
        if not storage_url:
            data.mkdir(parents=True, exist_ok=True)
        checked, outcome = asyncio.run(_import(file, file.stat().st_size, data, storage_url, tenant))
    except Failure as failure:
        click.echo(str(failure), err=True)
        sys.exit(1)
    click.echo(f"{outcome.accepted} samples of {checked.series} series stored, {_span(checked)}")
    if outcome.refused:
        click.echo(f"{outcome.refused} samples refused: {'; '.join(outcome.reasons) or 'series limit'}", err=True)
        sys.exit(1)


async def _import(file: Path, size: int, data: Path, storage_url: str, tenant: str) -> tuple[Checked, AppendOutcome]:
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        reading = progress.add_task("checking", total=size)
        checked = openmetrics_import.check(file, lambda at: progress.update(reading, completed=at))
        if not checked.samples:
            raise ImportFailure(f"{file}: there are no samples in it")
        async with _opened(data, storage_url) as store:
            storing = progress.add_task("storing", total=size)
            outcome = await openmetrics_import.store(
                file, store, tenant, lambda at: progress.update(storing, completed=at)
            )
    return checked, outcome


@asynccontextmanager
async def _opened(data: Path, storage_url: str) -> AsyncGenerator[Store]:
    """The store, taking samples of every age and order. Raises TelemetryFailure where a server holds the folder."""
    telemetry = Telemetry(data, storage_url)
    async with opened(telemetry) as target:
        options = StoreOptions(policy_of=lambda _tenant: FREE, log=telemetry.log())
        store = Store(target, SystemClock(), CollectorRegistry(), options)
        await store.open()
        try:
            yield store
        finally:
            await store.close()


def _span(checked: Checked) -> str:
    first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (checked.first_ms, checked.last_ms))
    return f"from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"
