"""`watchkeeper import`: telemetry from files."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from watchkeeper.app.telemetry import Telemetry, opened
from watchkeeper.app.whereabouts import server_of
from watchkeeper.base.clock import SystemClock
from watchkeeper.base.failure import Failure
from watchkeeper.cli.asking import Server, answers, data_option, tenant_option
from watchkeeper.model.samples import AppendOutcome
from watchkeeper.receive import openmetrics_import
from watchkeeper.receive.openmetrics_import import Checked, ImportFailure, Source
from watchkeeper.receive.openmetrics_import.source import Progress as Told
from watchkeeper.store import Store, StoreOptions

_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the samples go: a server, where `url` is not empty, or a store that nobody else writes to."""

    url: str
    data: Path
    storage_url: str
    tenant: str


@click.group("import")
def import_() -> None:
    """Bring telemetry from files into the store."""


@import_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--url", default="", metavar="URL", help="The server to send to. By default the one that runs on the data folder."
)
@data_option
@click.option("--storage-url", default="", help="A ClickHouse cluster (clickhouse://…) instead of the data folder.")
@tenant_option
def openmetrics(file: Path, url: str, data: Path, storage_url: str, tenant: str) -> None:
    """Import FILE, OpenMetrics text in which each sample has its timestamp (.gz is unpacked).

    Samples may be of any age and in any order. The whole file is checked before anything is stored, and importing
    it twice is the same as once. Without a server the samples go straight into the data folder.
    """
    try:
        if url and storage_url:
            raise click.UsageError("--url and --storage-url name two places: one of them would be right")
        place = _Place(url or ("" if storage_url else server_of(data)), data, storage_url, tenant)
        if place.url and not url:
            click.echo(f"a server runs on {data}: sending to {place.url}", err=True)
        checked, outcome = asyncio.run(_import(Source.of(file), place))
    except Failure as failure:
        click.echo(str(failure), err=True)
        sys.exit(1)
    click.echo(f"{outcome.accepted} samples of {checked.series} series stored, {_span(checked)}")
    if outcome.refused:
        click.echo(f"{outcome.refused} samples refused: {'; '.join(outcome.reasons) or 'series limit'}", err=True)
        sys.exit(1)


async def _import(source: Source, place: _Place) -> tuple[Checked, AppendOutcome]:
    size = source.path.stat().st_size
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        reading = progress.add_task("checking", total=size)
        checked = openmetrics_import.check(source, lambda at: progress.update(reading, completed=at))
        if not checked.samples:
            raise ImportFailure(f"{source.name}: there are no samples in it")
        work = progress.add_task("sending" if place.url else "storing", total=size)

        def told(at: int) -> None:
            progress.update(work, completed=at)

        return checked, await (_send if place.url else _store)(source, place, told)


async def _send(source: Source, place: _Place, told: Told) -> AppendOutcome:
    async def send(server: Server) -> AppendOutcome:
        return await openmetrics_import.send(source, server.client, server.url, server.tenant, told)

    return await answers(place.url, place.tenant, send, timeout_s=_TIMEOUT_S)


async def _store(source: Source, place: _Place, told: Told) -> AppendOutcome:
    if not place.storage_url:
        place.data.mkdir(parents=True, exist_ok=True)
    async with _opened(place.data, place.storage_url) as store:
        return await openmetrics_import.store(source, store, place.tenant, told)


@asynccontextmanager
async def _opened(data: Path, storage_url: str) -> AsyncGenerator[Store]:
    """The store. Raises TelemetryFailure where somebody else has the folder."""
    telemetry = Telemetry(data, storage_url)
    async with opened(telemetry) as target:
        store = Store(target, SystemClock(), CollectorRegistry(), StoreOptions(log=telemetry.log()))
        await store.open()
        try:
            yield store
        finally:
            await store.close()


def _span(checked: Checked) -> str:
    first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (checked.first_ms, checked.last_ms))
    return f"from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"
