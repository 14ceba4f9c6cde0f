"""`watchkeeper quality`: how good alerts are."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from watchkeeper.app.configuration import find_files, load
from watchkeeper.app.reviewing import reviewed
from watchkeeper.app.whereabouts import server_of
from watchkeeper.base.failure import Failure
from watchkeeper.cli.asking import Server, answers, data_option, tenant_option, url_option
from watchkeeper.cli.refusal import refusal
from watchkeeper.oncall.quality import (
    QualityOrder,
    duration_text,
    figures_csv,
    figures_json,
    markdown,
    review_json,
)

F = TypeVar("F", bound=Callable[..., Any])
_HEAD = ("NAME", "FIRED", "A WEEK", "MEDIAN", "90 %", "ACTED", "IN TIME", "AT NIGHT", "FLAPS", "NOTIFICATIONS")


@dataclass(frozen=True, slots=True)
class _Folder:
    """Where the journal is while no server runs, and the configuration beside it."""

    data: Path
    files: tuple[Path, ...]


def _asked(command: F) -> F:
    """The options of both commands."""
    for option in (
        click.option(
            "--config",
            "files",
            multiple=True,
            type=click.Path(path_type=Path, dir_okay=False),
            help="Without a server: who says what severities mean. By default the file that lies here.",
        ),
        tenant_option,
        data_option,
        url_option,
        click.option(
            "--flap-within", default="10m", show_default=True, help="A firing so soon after an end is a flap."
        ),
        click.option(
            "--time-zone", default="", help="Where it is night from 22 to 7. By default the zone of the business hours."
        ),
        click.option("--until", default="now", show_default=True, help="End, in the same form."),
        click.option("--since", default="7d", show_default=True, help="Begin: so long ago (7d), or RFC 3339."),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@_asked
@click.option("--by", default="rule", type=click.Choice(["rule", "team"]), show_default=True)
@click.option("--format", "form", default="text", type=click.Choice(["text", "json", "csv"]), show_default=True)
@click.pass_context
def quality(
    context: click.Context,
    since: str,
    until: str,
    time_zone: str,
    flap_within: str,
    url: str,
    data: Path,
    tenant: str,
    files: tuple[Path, ...],
    by: str,
    form: str,
) -> None:
    """Show how often alerts fired, how long, whether anybody acted, and at what hours.

    ACTED counts firings that somebody acknowledged or silenced, IN TIME those acted on within their severity's target,
    of those that were due.

    \b
      watchkeeper quality --since 30d --by team --time-zone Europe/Berlin
      watchkeeper quality review > review.md
    """
    if context.invoked_subcommand is not None:
        given = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
        if given:
            raise click.UsageError(f"options of {context.invoked_subcommand} stand behind it")
        return
    order = QualityOrder(since, until, by, time_zone, flap_within)
    asked = "csv" if form == "csv" else "json"
    answer = _answer(order, url, _Folder(data, files), tenant, "/quality", asked)
    if form == "text":
        rows = json.loads(answer)["figures"]
        answer = "\n".join(_table(rows)) if rows else "nothing fired"
    click.echo(answer.rstrip("\n"))


@quality.command()
@_asked
@click.option("--format", "form", default="markdown", type=click.Choice(["markdown", "json"]), show_default=True)
def review(
    since: str,
    until: str,
    time_zone: str,
    flap_within: str,
    url: str,
    data: Path,
    tenant: str,
    files: tuple[Path, ...],
    form: str,
) -> None:
    """Write a review: all figures, and what would make alerts better, each with its reason."""
    order = QualityOrder(since, until, "rule", time_zone, flap_within)
    click.echo(_answer(order, url, _Folder(data, files), tenant, "/quality/review", form).rstrip("\n"))


def _answer(order: QualityOrder, url: str, folder: _Folder, tenant: str, path: str, form: str) -> str:
    """What a server says or, where none runs, the journal in the data folder; JSON without its envelope."""
    try:
        place = url or server_of(folder.data)
        with refusal():
            asked = _asked_of(place, order, tenant, path, form) if place else _local(folder, order, tenant, path, form)
            return asyncio.run(asked)
    except Failure as failure:
        click.echo(f"watchkeeper: {failure}", err=True)
        sys.exit(1)


async def _asked_of(url: str, order: QualityOrder, tenant: str, path: str, form: str) -> str:
    params = {name: str(getattr(order, name)) for name in QualityOrder.__slots__}

    async def ask(server: Server) -> str:
        if form == "json":
            return _json(await server.data(path, params=params))
        return (await server.ask(path, params={**params, "format": form}, accept="*/*")).body.decode()

    return await answers(url, tenant, ask)


async def _local(folder: _Folder, order: QualityOrder, tenant: str, path: str, form: str) -> str:
    configuration = load(folder.files or find_files(Path()), os.environ)
    found = await reviewed(folder.data, order, tenant, configuration)
    some = found.by(order.kind())
    match path, form:
        case "/quality", "csv":
            return figures_csv(some)
        case "/quality", _:
            return _json(figures_json(found, some))
        case _, "markdown":
            return markdown(found)
        case _:
            return _json(review_json(found))


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    return ["  ".join(_padded(line, widths)).rstrip() for line in cells]


def _padded(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *rest = zip(line, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        row["name"] or "(none)",
        str(row["fired"]),
        f"{row['perWeek']:.1f}",
        _duration(row["medianSeconds"]),
        _duration(row["p90Seconds"]),
        str(row["acted"]),
        f"{row['inTime']}/{row['due']}",
        str(row["atNight"]),
        str(row["flaps"]),
        str(row["notifications"]),
    )


def _duration(seconds: float | None) -> str:
    return duration_text(None if seconds is None else round(seconds * 1000))
