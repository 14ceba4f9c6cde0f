"""`watchkeeper check rules`: would these rule files load?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.rules import GroupDefaults, RuleGroup, read_rule_files, read_rule_text
from watchkeeper.rules.lint import duplicates
from watchkeeper.rules.percent import ratios_in_percent

_FAILED, _LINT = 1, 3


@click.command("rules")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE…")
@click.option(
    "--lint", type=click.Choice(["all", "duplicate-rules", "none"]), default="duplicate-rules", show_default=True
)
@click.option("--lint-fatal", is_flag=True, help="End with 3 where linting finds something.")
def check_rules(files: tuple[Path, ...], lint: str, lint_fatal: bool) -> None:
    """Check rule FILES, or the standard input.

    Ends with 1 if a file would not load. Rules with the same name and labels are pointed out, and texts that show a
    ratio as percent ({{ $value }}%).
    """
    failed = linted = False
    for path in files or (None,):
        click.echo(f"Checking {path or 'standard input'}")
        try:
            groups = _read(path)
            warnings = [] if lint == "none" or path is None else list(ratios_in_percent(path))
        except ConfigurationFailure as failure:
            _fail([str(problem) for problem in failure.problems])
            failed = True
            continue
        for warning in warnings:
            click.echo(f"{warning.place}: warning: {warning.message}", err=True)
        finding = _finding(groups) if lint != "none" else ""
        if finding:
            _fail([finding])
            linted = True
        else:
            click.echo(f"  SUCCESS: {sum(len(group.rules) for group in groups)} rules found")
        click.echo()
    sys.exit(_FAILED if failed else _LINT if linted and lint_fatal else 0)


def _read(path: Path | None) -> Sequence[RuleGroup]:
    if path is None:
        return read_rule_text(sys.stdin.read(), "standard input", GroupDefaults())
    return read_rule_files([path], GroupDefaults())


def _fail(problems: Sequence[str]) -> None:
    click.echo("  FAILED:", err=True)
    for problem in problems:
        click.echo(problem, err=True)


def _finding(groups: Sequence[RuleGroup]) -> str:
    found = duplicates(groups)
    if not found:
        return ""
    lines = [f"lint error {len(found)} duplicate rule(s) found."]
    for one in found:
        lines += [f"Metric: {one.name}", "Label(s):", *(f"\t{name}: {value}" for name, value in one.labels)]
    return "\n".join([*lines, "Might cause inconsistency while recording expressions"])
