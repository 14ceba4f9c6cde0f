"""The `watchkeeper` command."""

from __future__ import annotations

import click

from watchkeeper.cli.check import check
from watchkeeper.cli.import_ import import_
from watchkeeper.cli.promql import promql
from watchkeeper.cli.serve import serve
from watchkeeper.cli.test_rules import test


@click.group()
@click.version_option(package_name="watchkeeper")
def main() -> None:
    """Production monitoring and alerting in one process."""


main.add_command(check)
main.add_command(import_)
main.add_command(promql)
main.add_command(serve)
main.add_command(test)
