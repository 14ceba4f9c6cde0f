"""`watchkeeper test`: tests of what a person wrote."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import click

from watchkeeper.app.rule_testing import RuleTests, embedded_bench


@click.group()
def test() -> None:
    """Test files before they are used."""


@test.command("rules")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE…")
@click.option("--run", "patterns", multiple=True, help="Run only test groups whose name matches the expression.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as JUnit's XML.")
def test_rules(files: tuple[Path, ...], patterns: tuple[str, ...], junit: Path | None) -> None:
    """Run unit tests of rules, in promtool's format, on an embedded engine. Ends with 1 where one fails."""
    with _quiet():
        ended = asyncio.run(_run(files, patterns, junit))
    sys.exit(ended)


@contextmanager
def _quiet() -> Generator[None]:
    """Log nothing: what goes wrong is part of the results."""
    logger = logging.getLogger("watchkeeper")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


async def _run(files: Sequence[Path], patterns: Sequence[str], junit: Path | None) -> int:
    expressions = [re.compile(pattern) for pattern in patterns]
    failed = False
    suites = ElementTree.Element("testsuites")
    async with embedded_bench() as bench:
        tests = RuleTests(
            bench,
            lambda name: not expressions or any(one.search(name) for one in expressions),
            lambda text: click.echo(f"  WARNING: {text}", err=True),
        )
        for path in files:
            results = await tests.run(path)
            failed |= _report(results)
            _add(suites, path, results)
    if junit is not None:
        ElementTree.ElementTree(suites).write(junit, encoding="unicode")
    return 1 if failed else 0


def _report(results: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Print a file's results as promtool does; whether there are failures."""
    problems = [problem for _, some in results for problem in some]
    if not problems:
        click.echo("  SUCCESS")
    else:
        click.echo("  FAILED:", err=True)
        for problem in problems:
            click.echo(problem, err=True)
            click.echo()
    click.echo()
    return bool(problems)


def _add(suites: ElementTree.Element, path: Path, results: Sequence[tuple[str, Sequence[str]]]) -> None:
    failures = sum(len(problems) for _, problems in results)
    counts = {"tests": str(len(results)), "failures": str(failures), "errors": "0", "skipped": "0"}
    suite = ElementTree.SubElement(suites, "testsuite", {"name": str(path), **counts})
    for name, problems in results:
        case = ElementTree.SubElement(suite, "testcase", {"name": name})
        for problem in problems:
            ElementTree.SubElement(case, "failure").text = problem
