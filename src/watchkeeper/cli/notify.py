"""`watchkeeper notify`: does a notification arrive?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import click

from watchkeeper.app.configuration import load
from watchkeeper.app.notification_trial import try_receiver
from watchkeeper.cli.refusal import refusal
from watchkeeper.notify import NotifyConfig, Trial


@click.group()
def notify() -> None:
    """Tools for receivers."""


@notify.command()
@click.argument("receiver")
@click.option(
    "--config",
    "files",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration file; several are merged as `serve` merges them.",
)
@click.option(
    "--web.external-url",
    "external_url",
    envvar="WATCHKEEPER_EXTERNAL_URL",
    default="http://127.0.0.1:9800",
    show_default=True,
    help="How people reach us: what links begin with.",
)
def test(receiver: str, files: tuple[Path, ...], external_url: str) -> None:
    """Send a test notification by every integration of RECEIVER.

    Prints a line for each: sent, or why not, what was answered and how long it took. Ends with 0 if all went out, 1 if
    some did not, and 2 if the configuration cannot be used or there is no such receiver.
    """
    with refusal():
        config = load(files, os.environ).notify
        _check_known(receiver, config)
        telling = try_receiver(config, receiver, external_url=external_url.rstrip("/"), environ=os.environ)
        trials = asyncio.run(telling)
    _print(receiver, trials)
    raise SystemExit(1 if any(trial.failure for trial in trials) else 0)


def _check_known(receiver: str, config: NotifyConfig) -> None:
    names = [each.name for each in config.receivers]
    if receiver not in names:
        known = ", ".join(names) or "none at all"
        click.echo(f'there is no receiver "{receiver}": the configuration has {known}', err=True)
        raise SystemExit(2)


def _print(receiver: str, trials: Sequence[Trial]) -> None:
    if not trials:
        click.echo(f"{receiver}: no integrations, nobody is told")
    for trial in trials:
        click.echo(f"{trial.integration}: {_outcome(trial)}")
        for wrong in trial.wrong_templates:
            click.echo(f"{trial.integration}: a plain text stands in for a template: {wrong}")


def _outcome(trial: Trial) -> str:
    if trial.failure:
        return f"not sent after {trial.took_s:.3f}s: {trial.failure}"
    return f"sent in {trial.took_s:.3f}s{f', {trial.answer}' if trial.answer else ''}"
