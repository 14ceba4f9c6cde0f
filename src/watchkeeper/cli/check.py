"""`watchkeeper check`: is this configuration one that would load?"""

from __future__ import annotations

import os
from pathlib import Path

import click

from watchkeeper.app.configuration import Configuration, load
from watchkeeper.app.severities import unknown_severities
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.cli.check_rules import check_rules
from watchkeeper.cli.check_web import check_web_config
from watchkeeper.rules import GroupDefaults, read_rule_files
from watchkeeper.rules.percent import ratios_in_percent


@click.group()
def check() -> None:
    """Check files without starting anything."""


check.add_command(check_rules)
check.add_command(check_web_config)


@check.command("config")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
def check_config(files: tuple[Path, ...]) -> None:
    """Check configuration FILES, merged as `serve --config FILE --config FILE` would merge them.

    The rule files and files of templates that they name are read as well.

    Prints every problem as FILE:LINE:COLUMN: MESSAGE and ends with 1 if there is any. Warnings do not count.
    """
    try:
        configuration = load(files, os.environ)
        read_rule_files(configuration.rule_files, GroupDefaults())
    except ConfigurationFailure as failure:
        for problem in failure.problems:
            click.echo(str(problem), err=True)
        count = len(failure.problems)
        click.echo(f"{count} problem{'s' if count > 1 else ''}", err=True)
        raise SystemExit(1) from None
    shown = (one for path in configuration.rule_files for one in ratios_in_percent(path))
    for warning in (*configuration.warnings, *unknown_severities(configuration), *shown):
        click.echo(f"{warning.place}: warning: {warning.message}", err=True)
    click.echo(_summary(configuration))


def _summary(configuration: Configuration) -> str:
    jobs, rules = len(configuration.scrape_configs), len(configuration.rule_files)
    text = f"the configuration is valid: {jobs} scrape job{_s(jobs)}, {rules} rule file{_s(rules)}"
    if configuration.routing is not None:
        routes, receivers = len(list(configuration.routing.root.walk())), len(configuration.notify.receivers)
        text += f", {routes} route{_s(routes)}, {receivers} receiver{_s(receivers)}"
    roster = configuration.roster
    if roster.schedules or roster.policies:
        schedules, policies = len(roster.schedules), len(roster.policies)
        text += f", {schedules} schedule{_s(schedules)}, {policies} escalation polic{'y' if policies == 1 else 'ies'}"
    return text


def _s(count: int) -> str:
    return "" if count == 1 else "s"
