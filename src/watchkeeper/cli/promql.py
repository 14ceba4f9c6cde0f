"""`watchkeeper promql`: tools for PromQL."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from watchkeeper.app.script_backend import embedded_backend
from watchkeeper.query.promql.script import Runner, Script, ScriptFailure, read_script


@click.group()
def promql() -> None:
    """Tools for PromQL."""


@promql.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
def test(files: tuple[Path, ...]) -> None:
    """Run scripts in Prometheus' PromQL test language on an embedded engine.

    Prints a line for each evaluation that fails, and ends with 0 if all pass, 1 if some fail, and 2 if a file
    cannot be read as a script.
    """
    scripts = [(path, _read(path)) for path in files]
    passed = failed = 0
    with embedded_backend() as backend:
        for path, script in scripts:
            for outcome in Runner(backend).run(script):
                passed += not outcome.problem
                failed += bool(outcome.problem)
                if outcome.problem:
                    click.echo(f"{path}:{outcome.line}: {outcome.query}: {outcome.problem}")
    click.echo(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def _read(path: Path) -> Script:
    try:
        return read_script(path.read_text(encoding="utf-8"))
    except ScriptFailure as failure:
        click.echo(f"{path}:{failure.line}: {failure.message}", err=True)
    except (OSError, UnicodeDecodeError) as failure:
        click.echo(f"{path}: {failure}", err=True)
    sys.exit(2)
