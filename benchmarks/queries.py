"""Heavy range queries and small instant ones over HTTP, JSON included, on the same data in every server."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.data import DataSet, application, buckets
from benchmarks.figures import OURS, VICTORIA, Figures, Goal, Row, times
from benchmarks.senders import Asker, post_all
from benchmarks.servers import Server, available, running

_HEAVY = (times(0.5), times(1, VICTORIA))


@dataclass(frozen=True)
class Question:
    """A query over the last `span_s` seconds of a data set in `steps` steps; 0 steps: one instant at the end."""

    row: Row
    query: str
    span_s: int
    steps: int

    def path(self, end_ms: int) -> str:
        end = end_ms / 1000
        if not self.steps:
            return "/api/v1/query?" + urlencode({"query": self.query, "time": end})
        step = self.span_s / (self.steps - 1)
        return "/api/v1/query_range?" + urlencode(
            {"query": self.query, "start": end - self.span_s, "end": end, "step": step}
        )


def _row(title: str, *goals: Goal) -> Row:
    return Row(title, "ms", *goals)


_TEN = "10k series × 240, 201 steps: "
_HUNDRED = "100k series × 60: "
_SMALL = ("instant, 100 series", Goal(5), Goal(1))

SETS: tuple[tuple[DataSet, Sequence[Question]], ...] = (
    (
        DataSet("10k", 10_000, 240, application("m")),
        [
            Question(_row(_TEN + "sum by (x) (rate)", *_HEAVY), "sum by (x) (rate(m[5m]))", 3000, 201),
            Question(_row(_TEN + "topk(5, rate)", *_HEAVY), "topk(5, rate(m[5m]))", 3000, 201),
            Question(
                _row(_TEN + "quantile_over_time", *_HEAVY), "sum by (x) (quantile_over_time(0.9, m[5m]))", 3000, 201
            ),
            Question(_row(*_SMALL), 'm{pod=~"app-0000.."}', 0, 0),
            Question(_row("instant, sum(rate[5m]) of 100 series"), 'sum(rate(m{pod=~"app-0000.."}[5m]))', 0, 0),
        ],
    ),
    (
        DataSet("100k", 100_000, 60, buckets),
        [
            Question(
                _row(_HUNDRED + "histogram_quantile by path, 41 steps", *_HEAVY),
                "histogram_quantile(0.9, sum by (path, le) (rate(latency_seconds_bucket[5m])))",
                600,
                41,
            ),
            Question(
                _row(_HUNDRED + "histogram_quantile of each, instant"),
                "histogram_quantile(0.9, rate(latency_seconds_bucket[5m]))",
                0,
                0,
            ),
        ],
    ),
    (
        DataSet("24h", 1000, 5760, application("d")),
        [
            Question(
                _row("1k series × 24 h, 1436 steps: sum by (x) (rate)", times(0.6), times(1, VICTORIA)),
                "sum by (x) (rate(d[5m]))",
                86_100,
                1436,
            )
        ],
    ),
)


def measure() -> Figures:
    """All servers are loaded with a data set and then asked in turn, so that noise meets them alike."""
    figures = Figures()
    for data, questions in SETS:
        with ExitStack() as open_servers:
            servers = [open_servers.enter_context(running(name)) for name in available()]
            end_ms = int(time.time()) // 15 * 15_000
            _load(servers, data, end_ms)
            for question in questions:
                _ask(figures, servers, question, end_ms)
    return figures


def _load(servers: Sequence[Server], data: DataSet, end_ms: int) -> None:
    bodies = list(data.bodies(end_ms))
    for server in servers:
        # One connection: a second could bring a series' later samples first.
        post_all(server.write_url, bodies, 1)
    for server in servers:
        server.settle()


def _ask(figures: Figures, servers: Sequence[Server], question: Question, end_ms: int) -> None:
    """The median and the least of several rounds, each server asked once a round, after two rounds to get warm."""
    path, rounds = question.path(end_ms), 9 if question.steps else 151
    askers = {server.name: Asker(server.url) for server in servers}
    taken: dict[str, list[float]] = {name: [] for name in askers}
    found = {name: _series(asker.get(path)[1]) for name, asker in askers.items()}
    wrong = {name: count for name, count in found.items() if count != found[OURS]}
    if wrong or not found[OURS]:
        raise RuntimeError(f"{question.query}: {found} series: the servers do not agree")
    for _ in range(rounds + 1):
        for name, asker in askers.items():
            taken[name].append(asker.get(path)[0] * 1e3)
    for name, seconds in taken.items():
        kept = sorted(seconds[1:])
        figures.put(question.row, name, kept[len(kept) // 2], kept[0])


def _series(answer: bytes) -> int:
    return len(json.loads(answer)["data"]["result"])
