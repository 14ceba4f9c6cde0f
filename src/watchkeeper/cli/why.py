"""`watchkeeper why`: why somebody was told of an alert, or not."""

from __future__ import annotations

import re
from pathlib import Path

import click

from watchkeeper.cli.asking import Server, ask_server, data_option, tenant_option, url_option
from watchkeeper.cli.labels import read_labels

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


@click.command()
@click.argument("alert", nargs=-1, required=True, metavar="FINGERPRINT|LABEL=VALUE…")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@url_option
@data_option
@tenant_option
def why(alert: tuple[str, ...], form: str, url: str, data: Path, tenant: str) -> None:
    """Say why people are told of an alert, or not.

    The alert is named by its fingerprint (Alertmanager's, as `/api/v2/alerts` shows it) or by all its labels; it need
    not exist: «this alert would go …». Prints which routes take it and why, what holds it back, what each receiver
    knows and is told next, and its history.

    \b
    watchkeeper why alertname=DiskFull instance=db-1 severity=critical
    watchkeeper why 6d5a8b1f0c3e2a47
    """
    accept = "text/plain" if form == "text" else "application/json"
    by_fingerprint = len(alert) == 1 and _FINGERPRINT.fullmatch(alert[0])
    path = f"/alerts/{alert[0]}/why" if by_fingerprint else "/routes/test"
    body = None if by_fingerprint else {"labels": dict(read_labels(alert))}

    async def ask(server: Server) -> str:
        return (await server.ask(path, body=body, accept=accept)).body.decode()

    click.echo(ask_server(url, data, tenant, ask).rstrip("\n"))
