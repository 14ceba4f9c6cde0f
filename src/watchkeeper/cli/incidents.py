"""`watchkeeper incidents`: what is wrong, and what people do about it, on a running server."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from watchkeeper.cli.asking import ask_server, data_option, tenant_option, url_option

_API = "/incidents"
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class _Server:
    """The server that is asked, and for which tenant."""

    url: str
    data_folder: Path
    tenant: str

    def ask(self, path: str, method: str = "GET", body: Mapping[str, Any] | None = None) -> bytes:
        """What it answers; ends the program where it refuses, or is not there."""
        answer = ask_server(
            self.url, self.data_folder, self.tenant, lambda server: server.ask(path, body=body, method=method)
        )
        return answer.body

    def data(self, path: str, method: str = "GET", body: Mapping[str, Any] | None = None) -> Any:
        """The data in its answer."""
        return msgspec.json.decode(self.ask(path, method, body))["data"]


@click.group()
def incidents() -> None:
    """Look at incidents of a running server, and deal with them."""


def _on_server(command: F) -> F:
    for option in (url_option, data_option, tenant_option):
        command = option(command)
    return command


_BY = click.option("--by", default="", help="Who does it. By default the user who is logged in here.")


@incidents.command(name="list")
@_on_server
@click.option("--all", "everything", is_flag=True, help="Those that are resolved, too.")
@click.option("--service", default="", help="Only those of a service.")
@click.option("--severity", default="", help="Only those of a severity.")
def list_(url: str, data: Path, tenant: str, everything: bool, service: str, severity: str) -> None:
    """List incidents, newest first."""
    asked = {"status": "" if everything else "open", "service": service, "severity": severity}
    query = urlencode({name: value for name, value in asked.items() if value})
    found = _Server(url, data, tenant).data(f"{_API}?{query}")
    if not found:
        click.echo("no incidents" if everything else "no open incidents")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "status", "severity", "service", "since", "title"):
        table.add_column(heading, no_wrap=heading != "title")
    for one in found:
        cells = (one["id"], one["status"], one["severity"], one["service"], _short(one["triggeredAt"]), one["title"])
        table.add_row(*(Text(_plain(cell)) for cell in cells))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@incidents.command()
@_on_server
@click.option("--postmortem", is_flag=True, help="Print its post-mortem document (Markdown).")
@click.argument("id")
def show(url: str, data: Path, tenant: str, postmortem: bool, id: str) -> None:
    """Show the incident ID: people, alerts, steps, timeline."""
    server, path = _Server(url, data, tenant), f"{_API}/{quote(id, safe='')}"
    if postmortem:
        click.echo(server.ask(f"{path}/postmortem").decode(), nl=False)
        return
    one = server.data(path)
    click.echo(f"{one['id']}: {_plain(one['title'])}")
    for name in ("status", "severity", "service", "team", "assignee", "mergedInto"):
        if one[name]:
            click.echo(f"  {name}: {_plain(one[name])}")
    for role, who in one["roles"].items():
        if who:
            click.echo(f"  {role}: {_plain(who)}")
    for alert in one["alerts"]:
        labels = ", ".join(f'{name}="{value}"' for name, value in alert["labels"].items())
        click.echo(f"  alert {_plain(labels)}: {'ended' if alert['endsAt'] else 'fires'}")
    for step in one["runbookSteps"]:
        click.echo(f"  [{'x' if step['done'] else ' '}] {step['number']}. {_plain(step['text'])}")
    for entry in one["timeline"]:
        actor = f"{entry['actor']}: " if entry["kind"] == "incident.note" else ""
        click.echo(f"{_short(entry['time'])}  {_plain(actor + entry['text'])}")


@incidents.command()
@_on_server
@_BY
@click.argument("id")
@click.argument("text")
def note(url: str, data: Path, tenant: str, by: str, id: str, text: str) -> None:
    """Write TEXT into the timeline of the incident ID."""
    body = {"by": _who(by), "text": text, "via": "command line"}
    one = _Server(url, data, tenant).data(f"{_API}/{quote(id, safe='')}/notes", "POST", body)
    click.echo(f"noted on {one['id']}")


@incidents.command()
@_on_server
@_BY
@click.argument("id")
def acknowledge(url: str, data: Path, tenant: str, by: str, id: str) -> None:
    """Take up the incident ID."""
    one = _Server(url, data, tenant).data(f"{_API}/{quote(id, safe='')}/acknowledge", "POST", {"by": _who(by)})
    click.echo(f"{one['id']} is {one['status']}")


@incidents.command()
@_on_server
@_BY
@click.option("--undo", is_flag=True, help="It is not done after all.")
@click.argument("id")
@click.argument("step", type=click.IntRange(min=1))
def tick(url: str, data: Path, tenant: str, by: str, undo: bool, id: str, step: int) -> None:
    """Say that STEP of the runbook of the incident ID is done."""
    path = f"{_API}/{quote(id, safe='')}/runbook/steps/{step}"
    one = _Server(url, data, tenant).data(path, "PUT", {"by": _who(by), "done": not undo})
    done = one["runbookSteps"][step - 1]
    click.echo(f"[{'x' if done['done'] else ' '}] {step}. {_plain(done['text'])}")


@incidents.command()
@_on_server
@_BY
@click.argument("id")
@click.argument("receiver", default="")
def ticket(url: str, data: Path, tenant: str, by: str, id: str, receiver: str) -> None:
    """Have RECEIVER keep a ticket of the incident ID; without RECEIVER, say which one does."""
    server, path = _Server(url, data, tenant), f"{_API}/{quote(id, safe='')}"
    asked = {"by": _who(by), "receiver": receiver} if receiver else None
    one = server.data(f"{path}/ticket", "POST", asked) if asked else server.data(path)
    if not one["ticket"]:
        click.echo(f"{one['id']} has no ticket")
        return
    click.echo(f"the receiver {_plain(one['ticket'])} keeps a ticket of {one['id']}")
    for link in one["links"]:
        if link["title"] == "ticket":
            click.echo(_plain(link["url"]))


@incidents.command()
@_on_server
@_BY
@click.argument("id")
def resolve(url: str, data: Path, tenant: str, by: str, id: str) -> None:
    """Say that the incident ID is over."""
    one = _Server(url, data, tenant).data(f"{_API}/{quote(id, safe='')}/resolve", "POST", {"by": _who(by)})
    click.echo(f"{one['id']} is {one['status']}")


def _who(by: str) -> str:
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):
        raise click.UsageError("nobody is logged in here: say who you are with --by") from None


def _short(time: str) -> str:
    return f"{time[:10]} {time[11:19]}"


def _plain(text: str) -> str:
    """The text in one line, without anything that a terminal would take for a command."""
    return "".join(char if char.isprintable() else " " for char in text)
