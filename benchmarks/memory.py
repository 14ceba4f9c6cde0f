"""Resident memory, idle and with a million active series, and how soon a server is ready again on its data."""

from __future__ import annotations

import time

from benchmarks.data import DataSet, lots
from benchmarks.figures import Figures, Goal, Row, times
from benchmarks.senders import post_all
from benchmarks.servers import available, running

IDLE = Row("resident memory, idle", "MiB", Goal(650), Goal(500))
MILLION = Row("resident memory, 1M active series × 4 samples", "MiB", times(0.8), times(0.5))
SMALL_START = Row("ready after a warm start, 10k series", "s", Goal(3), Goal(1.5))
LARGE_START = Row("ready after a warm start, 1M series", "s", Goal(15), Goal(5))

_SAMPLES = 4
_STEP_MS = 15_000


def measure() -> Figures:
    """Each server in turn; starts are on the data, and the page cache, that the server itself left behind."""
    figures = Figures()
    for name in available():
        with running(name) as server:
            server.settle()
            figures.put(IDLE, name, server.rss_mib())
            _load(server.write_url, 10_000)
            server.settle()
            starts: list[float] = []
            for _ in range(3):
                server.stop()
                starts.append(server.start())
            figures.put(SMALL_START, name, sorted(starts)[1], min(starts))
        with running(name) as server:
            _load(server.write_url, 1_000_000)
            server.settle()
            figures.put(MILLION, name, server.rss_mib())
            server.stop()
            figures.put(LARGE_START, name, server.start())
    return figures


def _load(write_url: str, series: int) -> None:
    """Each round of samples in requests of its own, as scrapes bring them."""
    now_ms = int(time.time()) * 1000
    for r in range(_SAMPLES):
        one = DataSet("lots", series, 1, lots)
        post_all(write_url, one.bodies(now_ms - (_SAMPLES - 1 - r) * _STEP_MS), 4)
