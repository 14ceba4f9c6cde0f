"""One running server for every test that only asks it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "differential")]

from api_data import send  # noqa: E402

from watchkeeper_server import Server, watchkeeper  # noqa: E402

CONFIG = """\
global:
  scrape_interval: 1h
  external_labels: {cluster: c1}
  query_log_file: %s
query:
  max_concurrency: 3
  timeout: 20s
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the differential tests' data, a query log, lifecycle and admin API, below /watch."""
    folder = tmp_path_factory.mktemp("server")
    flags = ("--storage.tsdb.retention.time=100y", "--web.enable-lifecycle", "--web.enable-admin-api")
    prefix = "--web.external-url=http://watch.test/watch"
    with watchkeeper(folder, CONFIG % (folder / "queries.log"), prefix, *flags, path="/watch") as running:
        send(running.url)
        yield running
