"""Heavy range queries and small instant ones over HTTP, JSON included, on the same data in every server."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks import wire
from benchmarks.senders import get, post_all
from benchmarks.servers import Server, available, running

STEP_MS = 15_000
SERIES_A_REQUEST = 5000


@dataclass(frozen=True)
class DataSet:
    """`series` label sets with `samples` each, 15 s apart, the last at the measurement's begin."""

    name: str
    series: int
    samples: int
    labels: Callable[[int], Sequence[tuple[str, str]]]


@dataclass(frozen=True)
class Question:
    """A query over the last `span_s` seconds of a data set in `steps` steps; 0 steps: one instant at the end."""

    name: str
    query: str
    span_s: int
    steps: int


def _plain(metric: str) -> Callable[[int], Sequence[tuple[str, str]]]:
    return lambda i: [
        ("__name__", metric), ("job", "app"), ("instance", f"10.0.{i // 250}.{i % 250}:8080"),
        ("x", f"x{i % 25}"), ("pod", f"app-{i:06d}"), ("zone", f"z{i % 3}"),
    ]  # fmt: skip


_BOUNDS = ("0.005", "0.01", "0.05", "0.1", "0.5", "1", "2.5", "5", "10", "+Inf")


def _bucket(i: int) -> Sequence[tuple[str, str]]:
    return [
        ("__name__", "latency_seconds_bucket"), ("job", "app"), ("pod", f"app-{i // 10:06d}"),
        ("path", f"/p{i // 10 % 50}"), ("le", _BOUNDS[i % 10]),
    ]  # fmt: skip


SETS: dict[str, tuple[DataSet, list[Question]]] = {
    "10k": (
        DataSet("10k series x 240", 10_000, 240, _plain("m")),
        [
            Question("sum by (x) (rate)", "sum by (x) (rate(m[5m]))", 3000, 201),
            Question("topk", "topk(5, rate(m[5m]))", 3000, 201),
            Question("quantile_over_time", "sum by (x) (quantile_over_time(0.9, m[5m]))", 3000, 201),
            Question("instant, 100 series", 'm{pod=~"app-0000.."}', 0, 0),
            Question("instant, sum(rate) of 100", 'sum(rate(m{pod=~"app-0000.."}[5m]))', 0, 0),
        ],
    ),
    "100k": (
        DataSet("100k series x 60", 100_000, 60, _bucket),
        [
            Question(
                "histogram_quantile by path",
                "histogram_quantile(0.9, sum by (path, le) (rate(latency_seconds_bucket[5m])))",
                600,
                41,
            ),
            Question("histogram_quantile, each", "histogram_quantile(0.9, rate(latency_seconds_bucket[5m]))", 0, 0),
        ],
    ),
    "24h": (
        DataSet("1k series x 24 h", 1000, 5760, _plain("d")),
        [Question("sum by (x) (rate), 1436 steps", "sum by (x) (rate(d[5m]))", 86_100, 1436)],
    ),
}


def load(server: Server, data: DataSet, end_ms: int) -> None:
    """Send the data set in time order."""
    encoded = [wire.labels(data.labels(i)) for i in range(data.series)]
    lots = [encoded[at : at + SERIES_A_REQUEST] for at in range(0, data.series, SERIES_A_REQUEST)]
    for r in range(data.samples):
        at = end_ms - (data.samples - 1 - r) * STEP_MS
        bodies = [
            wire.body(lot, [float(r * (i % 17 + 1) + math.floor(r / 7)) for i in range(len(lot))], at) for lot in lots
        ]
        post_all(server.write_url, bodies, 2)


def path_of(question: Question, end_ms: int) -> str:
    end = end_ms / 1000
    if not question.steps:
        return "/api/v1/query?" + urlencode({"query": question.query, "time": end})
    step = question.span_s / (question.steps - 1)
    return "/api/v1/query_range?" + urlencode(
        {"query": question.query, "start": end - question.span_s, "end": end, "step": step}
    )


def median_ms(server: Server, question: Question, end_ms: int, runs: int) -> tuple[float, int]:
    """The median of several answers after a warm-up, in ms, and how many series came."""
    path = path_of(question, end_ms)
    _, body = get(server.url, path)
    get(server.url, path)
    times = sorted(get(server.url, path)[0] for _ in range(runs))
    return times[len(times) // 2] * 1e3, len(json.loads(body)["data"]["result"])


def measure(names: Sequence[str]) -> dict[str, dict[str, float]]:
    """By question, then by server: the median in ms."""
    figures: dict[str, dict[str, float]] = {}
    end_ms = int(time.time()) // 15 * 15_000
    for server_name in available():
        for name in names:
            data, questions = SETS[name]
            with running(server_name) as server:
                load(server, data, end_ms)
                time.sleep(3)
                for question in questions:
                    took, _ = median_ms(server, question, end_ms, 31 if not question.steps else 7)
                    figures.setdefault(f"{data.name}: {question.name}", {})[server_name] = took
    return figures


if __name__ == "__main__":
    for row, by_server in measure(sys.argv[1:] or list(SETS)).items():
        print(row, {k: round(v, 2) for k, v in by_server.items()})
