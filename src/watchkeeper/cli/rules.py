"""`watchkeeper rules`: rules over data that are there already."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from watchkeeper.app.backtesting import backtesting
from watchkeeper.app.whereabouts import server_of
from watchkeeper.base.clock import SystemClock
from watchkeeper.base.failure import Failure
from watchkeeper.cli.asking import Server, answers, data_option, tenant_option, url_option
from watchkeeper.cli.backtest_text import lines
from watchkeeper.model.nights import Nights
from watchkeeper.query.promql import Cancellation
from watchkeeper.rules import GroupDefaults
from watchkeeper.rules.backtest import BacktestFailure, Order

_PATIENCE_S = 3600.0


@click.group()
def rules() -> None:
    """Try rules over data that are there already."""


@rules.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="RULEFILE")
@click.option(
    "--rule", "names", multiple=True, help="Only this alerting rule (repeatable). By default all of the file."
)
@click.option("--since", default="7d", show_default=True, help="Begin: so long ago (7d), or RFC 3339.")
@click.option("--until", default="now", show_default=True, help="End, in the same form.")
@click.option("--interval", "--step", default="", help="Evaluate so often (1m). By default as the groups say.")
@click.option("--target", default="", help="Suggest a threshold that fires so often: 1/week, 2/day, 3/month.")
@click.option("--time-zone", default="UTC", show_default=True, help="Where it is night from 22 to 7; times are its.")
@click.option("--flap-within", default="10m", show_default=True, help="A firing so soon after an end is a flap.")
@click.option("--limit", default=100, show_default=True, help="List so many firings of a rule; all are counted.")
@click.option("--format", "form", default="text", type=click.Choice(["text", "json"]), show_default=True)
@url_option
@data_option
@click.option("--storage-url", default="", help="A ClickHouse server (clickhouse://…) instead of the data folder.")
@tenant_option
def backtest(
    file: Path,
    names: tuple[str, ...],
    since: str,
    until: str,
    interval: str,
    target: str,
    time_zone: str,
    flap_within: str,
    limit: int,
    form: str,
    url: str,
    data: Path,
    storage_url: str,
    tenant: str,
) -> None:
    """Say when the alerting rules of RULEFILE would have fired, had they been switched on at --since.

    They are evaluated over the data that are there, as the server would have: `for`, `keep_firing_for`, templates,
    and the recording rules of the file, whose results feed later rules. Nothing is written, and nobody is told.

    \b
      watchkeeper rules backtest rules.yml --since 30d
      watchkeeper rules backtest rules.yml --rule DiskFull --target 1/week
      watchkeeper rules backtest rules.yml --url http://127.0.0.1:9800 --format json
    """
    order = Order(_text(file), str(file), names, since, until, interval, time_zone, flap_within, target, limit)
    try:
        if url and storage_url:
            raise click.UsageError("--url and --storage-url name two places: one of them would be right")
        _check(order, tenant)
        place = url or ("" if storage_url else server_of(data))
        if not (place or storage_url or data.is_dir()):
            raise BacktestFailure(f"there is no data folder {data}: --data names another, --url a server that runs")
        answer = asyncio.run(_asked(order, tenant, place) if place else _made(order, tenant, data, storage_url))
    except Failure as failure:
        click.echo(f"watchkeeper: {failure}", err=True)
        sys.exit(1)
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False) if form == "json" else "\n".join(_told(answer, order)))


def _told(answer: dict[str, Any], order: Order) -> list[str]:
    return lines(answer, Nights.of(order.time_zone).zone, order.flap_within)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as why:
        click.echo(f"watchkeeper: {file} cannot be read: {why}", err=True)
        sys.exit(1)


def _check(order: Order, tenant: str) -> None:
    """Say what is wrong before a server is asked or a store is opened. Raises Failure."""
    order.groups(GroupDefaults(), tenant)
    order.question(SystemClock().now_ms())


async def _asked(order: Order, tenant: str, url: str) -> dict[str, Any]:
    async def ask(server: Server) -> dict[str, Any]:
        return await server.data("/rules/backtest", body=asdict(order))

    with _progress() as progress:
        progress.add_task(f"{url} is at it", total=None)
        return await answers(url, tenant, ask, timeout_s=_PATIENCE_S)


async def _made(order: Order, tenant: str, data: Path, storage_url: str) -> dict[str, Any]:
    with _progress() as progress:
        task = progress.add_task("opening the store", total=1.0)
        async with backtesting(data, storage_url) as made:
            progress.update(task, description="evaluating")
            return await made.run(order, tenant, Cancellation(), lambda done: progress.update(task, completed=done))


def _progress() -> Progress:
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    return Progress(*columns, console=Console(stderr=True), transient=True)
