"""Remote-write ingest, 2000 series a request, 8 connections: CPU seconds per million samples."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks import wire
from benchmarks.senders import post_all
from benchmarks.servers import available, running

SERIES_A_REQUEST = 2000
REQUESTS_A_ROUND = 20
ROUNDS = 60


def series_of(count: int) -> list[bytes]:
    """Label sets of about 280 bytes, as an instrumented service in a cluster has them."""
    return [
        wire.labels(
            [
                ("__name__", f"http_server_requests_seconds_bucket_{i % 40}"),
                ("job", "kubernetes-pods"), ("namespace", f"shop-{i % 7}"),
                ("pod", f"checkout-{i // 100:05d}-7d9f8b6c5d"), ("instance", f"10.12.{i // 256 % 256}.{i % 256}:8080"),
                ("cluster", "production-eu-central-1"), ("method", ("GET", "POST", "PUT")[i % 3]),
                ("path", f"/api/v1/resource/{i % 50}"), ("status", str(200 + i % 5)), ("le", str((i % 12) / 4)),
            ]
        )
        for i in range(count)
    ]  # fmt: skip


def bodies_of(series: Sequence[bytes], start_ms: int, rounds: int, step_ms: int = 15_000) -> list[bytes]:
    """One body for each 2000 series and round, values that grow like counters."""
    bodies: list[bytes] = []
    for r in range(rounds):
        for at in range(0, len(series), SERIES_A_REQUEST):
            part = series[at : at + SERIES_A_REQUEST]
            bodies.append(wire.body(part, [float(r * (1 + i % 17)) for i in range(len(part))], start_ms + r * step_ms))
    return bodies


def measure() -> dict[str, dict[str, float]]:
    """By server: CPU s per M samples, M samples a second, median and 99th percentile of the answers in ms."""
    series = series_of(SERIES_A_REQUEST * REQUESTS_A_ROUND)
    start = int(time.time() * 1000) - ROUNDS * 15_000
    bodies = bodies_of(series, start, ROUNDS)
    warm = REQUESTS_A_ROUND * 5
    figures: dict[str, dict[str, float]] = {}
    for name in available():
        with running(name) as server:
            post_all(server.write_url, bodies[:warm], 8)
            cpu, began = server.cpu_s(), time.monotonic()
            times = sorted(post_all(server.write_url, bodies[warm:], 8))
            wall = time.monotonic() - began
            time.sleep(2)
            millions = (len(bodies) - warm) * SERIES_A_REQUEST / 1e6
            figures[name] = {
                "CPU s per M samples": (server.cpu_s() - cpu) / millions,
                "M samples/s": millions / wall,
                "median ms": times[len(times) // 2] * 1e3,
                "p99 ms": times[int(len(times) * 0.99)] * 1e3,
                "RSS MiB": server.rss_mib(),
            }
    return figures


if __name__ == "__main__":
    for server_name, row in measure().items():
        print(server_name, {k: round(v, 3) for k, v in row.items()})
