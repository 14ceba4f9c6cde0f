"""What every test stands on."""

import os

import pytest
from hypothesis import settings

# A kernel's first call compiles it, which no deadline should count.
settings.register_profile("watchkeeper", deadline=None, max_examples=60)
settings.load_profile("watchkeeper")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be skipped: what a test needs is there, or its absence is the failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if os.environ.get("CI") and skipped:
        for report in skipped:
            reporter.write_line(f"skipped in CI: {report.nodeid}: {report.longrepr[2]}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
