"""`watchkeeper journal`: what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import msgspec

from watchkeeper.cli.asking import Server, ask_server, data_option, tenant_option, url_option
from watchkeeper.cli.labels import read_labels
from watchkeeper.model.fingerprint import fingerprint

_MOST = 1000
_PAUSE_S = 1.0


@click.command()
@click.option("--alert", default="", help="About this alert: its fingerprint, or all its labels as a=b,c=d.")
@click.option("--receiver", default="", help="About this receiver.")
@click.option("--group", default="", help="About the group of this key.")
@click.option("--kind", multiple=True, help="Of this kind: alert.fired, or alert for all of its kinds; repeatable.")
@click.option("--text", default="", help="With this text, in any case.")
@click.option("--actor", default="", help="Done by this person.")
@click.option("--since", default="", help="Not before: 2026-01-02T15:04:05Z, seconds since 1970, or 24h ago.")
@click.option("--until", default="", help="Before: in the same forms.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, _MOST), help="The newest so many.")
@click.option("--follow", is_flag=True, help="Go on and print what happens, until interrupted.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "ndjson", "csv"]),
    default="text",
    show_default=True,
    help="ndjson and csv print everything that is found, newest first, whatever the limit.",
)
@url_option
@data_option
@tenant_option
def journal(
    *, alert: str, limit: int, follow: bool, form: str, url: str, data: Path, tenant: str, **conditions: Any
) -> None:
    """Print what happened: who was told of what, when, and with what answer; what was silenced, and by whom.

    Oldest first, one line each: time, kind, text. All conditions must hold.

    \b
    watchkeeper journal --kind notification --receiver pager --since 24h
    watchkeeper journal --alert alertname=DiskFull,instance=db-1
    watchkeeper journal --format csv --since 30d > month.csv
    """
    if follow and form != "text":
        raise click.UsageError(f"--follow prints text: without --format {form} would be right")
    asked = {**conditions, "alert": _fingerprint(alert)}
    if form == "text":
        ask_server(url, data, tenant, lambda server: _print(server, asked, limit, follow=follow))
    else:
        ask_server(url, data, tenant, lambda server: _export(server, {**asked, "format": form}))


async def _print(server: Server, asked: Mapping[str, Any], limit: int, *, follow: bool) -> None:
    newest = await _page(server, {**asked, "limit": limit})
    while follow:
        await asyncio.sleep(_PAUSE_S)
        newest = await _page(server, {**asked, "limit": _MOST, "after": newest}) or newest


async def _page(server: Server, asked: Mapping[str, Any]) -> str:
    """Print what is found; the id of the newest entry, empty where there is none."""
    answer = await server.ask(f"/journal?{_query(asked)}")
    entries: list[dict[str, Any]] = msgspec.json.decode(answer.body)["data"]["entries"]
    for entry in reversed(entries):
        actor = f" [{entry['actor']}]" if entry["actor"] else ""
        click.echo(f"{entry['time']}  {entry['kind']:<20}  {entry['text']}{_unnamed_group(entry)}{actor}")
    return entries[0]["id"] if entries else ""


def _unnamed_group(entry: Mapping[str, Any]) -> str:
    """The key of the entry's group, where its text does not name the group's labels anyway."""
    key: str = entry["groupKey"]
    return "" if not key or key[key.rfind(":{") + 1 :] in entry["text"] else f" (group {key})"


async def _export(server: Server, asked: Mapping[str, Any]) -> None:
    async for piece in server.stream(f"/journal/export?{_query(asked)}"):
        click.echo(piece, nl=False)


def _query(asked: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in asked.items() if value}, doseq=True)


def _fingerprint(alert: str) -> str:
    return fingerprint(read_labels(alert.split(","))) if "=" in alert else alert
