"""`watchkeeper check web-config`: would this file be taken as `--web.config.file`?"""

from __future__ import annotations

from pathlib import Path

import click

from watchkeeper.api.web_config import load, ssl_context
from watchkeeper.base.configuration import ConfigurationFailure


@click.command("web-config")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
def check_web_config(files: tuple[Path, ...]) -> None:
    """Check web configuration FILES: TLS, passwords and headers of our own HTTP server.

    Prints every problem as FILE:LINE:COLUMN: MESSAGE and ends with 1 if there is any.
    """
    failed = False
    for path in files:
        try:
            config = load(path)
            if config.tls_server_config is not None:
                ssl_context(path, config.tls_server_config)
        except ConfigurationFailure as failure:
            failed = True
            for problem in failure.problems:
                click.echo(str(problem), err=True)
        else:
            click.echo(f"{path}: the web configuration is valid")
    raise SystemExit(1 if failed else 0)
