"""`watchkeeper routes`: which receivers an alert would reach."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

import click

from watchkeeper.alerts.matchers import matchers_text
from watchkeeper.alerts.route import Route
from watchkeeper.app.configuration import load
from watchkeeper.cli.labels import read_labels
from watchkeeper.cli.refusal import refusal

_CONFIG = click.option(
    "--config",
    "--config.file",
    "files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A configuration file; several are merged as `serve` merges them.",
)


@click.group()
def routes() -> None:
    """Look at the routing tree."""


@routes.command()
@_CONFIG
@click.option("--tree", is_flag=True, help="Print the routes that match, too.")
@click.option("--verify.receivers", "expected", help="End with 1 unless just these are reached (a,b).")
@click.argument("labels", nargs=-1, metavar="LABEL=VALUE…")
def test(files: tuple[Path, ...], tree: bool, expected: str | None, labels: tuple[str, ...]) -> None:
    """Print the receivers that an alert with these labels would reach, separated by commas.

    An alert of a tenant other than the default one has a label `tenant` for routes to match.
    """
    root, alert = _root(files), read_labels(labels)
    found = root.match(alert)
    if tree:
        click.echo("Matching routes:\n" + "\n".join(_tree(root, {route.id for route in found})) + "\n\n")
    reached = ",".join(route.options.receiver for route in found)
    click.echo(reached)
    if expected is not None and reached != expected:
        click.echo(f"these receivers were expected: {expected}", err=True)
        raise SystemExit(1)


@routes.command()
@_CONFIG
def show(files: tuple[Path, ...]) -> None:
    """Print the routing tree."""
    click.echo("Routing tree:\n" + "\n".join(_tree(_root(files), None)))


def _root(files: tuple[Path, ...]) -> Route:
    with refusal(1):
        routing = load(files, os.environ).routing
    if routing is None:
        click.echo(f"{', '.join(map(str, files))}: there is no route", err=True)
        raise SystemExit(1)
    return routing.root


def _tree(root: Route, matching: Collection[str] | None) -> Iterator[str]:
    """The tree in lines; with ids of nodes that match, only what leads to them."""
    yield "."
    yield f"└── {_name(root)}{_about(root, matching)}"
    yield from _below(root, matching, "    ")


def _below(route: Route, matching: Collection[str] | None, indent: str) -> Iterator[str]:
    shown = [one for one in route.routes if matching is None or any(node.id in matching for node in one.walk())]
    for one in shown:
        last = one is shown[-1]
        yield f"{indent}{'└' if last else '├'}── {_name(one)}{_about(one, matching)}"
        yield from _below(one, matching, indent + ("    " if last else "│   "))


def _name(route: Route) -> str:
    return matchers_text(route.matchers) if route.matchers else "default-route"


def _about(route: Route, matching: Collection[str] | None) -> str:
    if matching is not None and route.id not in matching:
        return ""
    continues = "  continue: true" if route.continues and matching is None else ""
    return f"{continues}  receiver: {route.options.receiver}"
