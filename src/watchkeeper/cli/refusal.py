"""How a command ends where a configuration is refused."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

import click

from watchkeeper.base.configuration import ConfigurationFailure


@contextmanager
def refusal(code: int = 2) -> Generator[None]:
    """Print every problem of a configuration that the block refuses, and end the process with `code`."""
    try:
        yield
    except ConfigurationFailure as failure:
        for problem in failure.problems:
            click.echo(str(problem), err=True)
        sys.exit(code)
