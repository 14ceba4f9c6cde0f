"""Remote-write ingest, 2000 series a request, 8 connections, one sample a series and request."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks import wire
from benchmarks.data import DataSet, service
from benchmarks.figures import VICTORIA, Figures, Row, times
from benchmarks.senders import post_all
from benchmarks.servers import available, running

SERIES_A_REQUEST = 2000
REQUESTS_A_ROUND = 20
ROUNDS = 60
WARM_ROUNDS = 5

CPU = Row("remote write, 2000 series a request: CPU", "s per M samples", times(0.4), times(0.7, VICTORIA))
RATE = Row("remote write: most samples (more is better)", "M/s")
MEDIAN = Row("remote write: answer, median", "ms")
SLOWEST = Row("remote write: answer, 99th percentile", "ms")


def bodies_of(series: Sequence[bytes], start_ms: int, step_ms: int = 15_000) -> list[bytes]:
    """One body for each 2000 series and round, values that grow like counters."""
    bodies: list[bytes] = []
    for r in range(ROUNDS):
        samples = [wire.sample(float(r * (1 + pace)), start_ms + r * step_ms) for pace in range(17)]
        for at in range(0, len(series), SERIES_A_REQUEST):
            part = series[at : at + SERIES_A_REQUEST]
            bodies.append(wire.body(part, [samples[i % 17] for i in range(len(part))]))
    return bodies


def measure() -> Figures:
    """CPU, throughput and answer times; the first rounds, in which the series are registered, are not counted."""
    series = DataSet("service", SERIES_A_REQUEST * REQUESTS_A_ROUND, 1, service).label_sets()
    bodies = bodies_of(series, int(time.time() * 1000) - ROUNDS * 15_000)
    warm = REQUESTS_A_ROUND * WARM_ROUNDS
    millions = (len(bodies) - warm) * SERIES_A_REQUEST / 1e6
    figures = Figures()
    for name in available():
        with running(name) as server:
            post_all(server.write_url, bodies[:warm], 8)
            server.settle()
            cpu, began = server.cpu_s(), time.monotonic()
            answers = sorted(post_all(server.write_url, bodies[warm:], 8))
            wall = time.monotonic() - began
            # What an answer leaves to be done later (logs, merges) belongs to it.
            server.settle()
            figures.put(CPU, name, (server.cpu_s() - cpu) / millions)
            figures.put(RATE, name, millions / wall)
            figures.put(MEDIAN, name, answers[len(answers) // 2] * 1e3)
            figures.put(SLOWEST, name, answers[int(len(answers) * 0.99)] * 1e3)
    return figures
