"""One data set for both servers, in Remote-Write requests: floats, histograms, stale series, exemplars, metadata."""

from __future__ import annotations

import itertools
import math
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "unit" / "receive_remote_write")]

from promql_answers_data import COUNT, START_S, STEP_S, series  # noqa: E402

from watchkeeper.model.samples import STALE  # noqa: E402
from wire import V1, Line, packed, request_v1  # noqa: E402

START = START_S * 1000
SLICE = 40
METADATA = [
    (1, "http_requests_total", "Requests.", ""),
    (2, "memory_bytes", "Memory in use.", "bytes"),
    (3, "request_seconds", 'Durations: "all" of them.', "seconds"),
]


def requests() -> Iterator[bytes]:
    """The bodies, in the order of time, so that nobody's out-of-order window is asked for."""
    floats, histograms, exemplars = _floats(), _histograms(), _exemplars()
    for first in range(0, COUNT, SLICE):
        at = range(first, min(first + SLICE, COUNT))
        lines = [
            Line(list(labels.items()), samples=[(_ms(i), v) for i in at if (v := values[i]) is not None])
            for labels, values in floats
        ]
        lines += [
            Line(list(labels.items()), histograms=[h | {"timestamp": _ms(i)} for i in at if (h := values[i])])
            for labels, values in histograms
        ]
        lines += [
            Line(
                list(labels.items()), exemplars=[found for found in each if found[2] in range(_ms(first), _ms(at.stop))]
            )
            for labels, each in exemplars
        ]
        kept = [line for line in lines if line.samples or line.histograms or line.exemplars]
        yield packed(request_v1(kept, METADATA))


def send(url: str) -> None:
    """Write everything to the server at `url`."""
    for body in requests():
        asked = urllib.request.Request(f"{url}/api/v1/write", body, V1 | {"X-Prometheus-Remote-Write-Version": "0.1.0"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert answer.status // 100 == 2


def _ms(i: int) -> int:
    return START + i * STEP_S * 1000


def _floats() -> list[tuple[dict[str, str], list[float | None]]]:
    found = [({"__name__": each.name} | each.labels, each.values) for each in series()]
    spoken: list[float | None] = [float(i % 17) for i in range(COUNT)]
    found.append(({"__name__": "gauge.with.dots", "host.name": "a b", "größe": "L"}, spoken))
    found.append(({"__name__": "gauge.with.dots", "host.name": "c", "größe": "S"}, [v and v * 2 for v in spoken]))
    stale: list[float | None] = [float(i) for i in range(COUNT)]
    stale[200], stale[201:300] = float(STALE), [None] * 99
    stale[400], stale[401:] = float(STALE), [None] * (COUNT - 401)
    found.append(({"__name__": "comes_and_goes", "job": "api"}, stale))
    mixed: list[float | None] = [float(i) if i % 80 < 40 else None for i in range(COUNT)]
    found.append(({"__name__": "mixed", "job": "api"}, mixed))
    return [(dict(sorted(labels.items())), values) for labels, values in found]


def _histograms() -> list[tuple[dict[str, str], list[dict[str, Any] | None]]]:
    found: list[tuple[dict[str, str], list[dict[str, Any] | None]]] = []
    for i, instance in enumerate(("i0", "i1")):
        about = {"__name__": "request_seconds", "instance": instance, "job": "api"}
        found.append((about, [_exponential(n, i) for n in range(COUNT)]))
    about = {"__name__": "custom_seconds", "job": "web"}
    found.append((about, [_custom(n) for n in range(COUNT)]))
    found.append(({"__name__": "gauge_histogram", "job": "web"}, [_gauge(n) for n in range(COUNT)]))
    found.append(({"__name__": "mixed", "job": "api"}, [_custom(n) if n % 80 >= 40 else None for n in range(COUNT)]))
    return found


def _exponential(n: int, instance: int) -> dict[str, Any]:
    since = n % 170
    buckets = [since, 2 * since + instance, since // 2, 3]
    return {
        "count_int": sum(buckets) + 2,
        "sum": 0.25 * sum(buckets),
        "schema": 1 if n < 300 else 0,
        "zero_threshold": 0.001,
        "zero_count_int": 2,
        "positive_spans": [(-2, 2), (1 + instance, 2)],
        "positive_deltas": [buckets[0], *(b - a for a, b in itertools.pairwise(buckets))],
    }


def _custom(n: int) -> dict[str, Any]:
    buckets = [n, 2 * n, 5, n // 3]
    return {
        "count_int": sum(buckets),
        "sum": float(n * 3),
        "schema": -53,
        "positive_spans": [(0, 4)],
        "positive_deltas": [buckets[0], *(b - a for a, b in itertools.pairwise(buckets))],
        "custom_values": [0.1, 0.5, 2.5],
    }


def _gauge(n: int) -> dict[str, Any]:
    wave = 10 + 5 * math.sin(n / 10)
    return {
        "count_float": wave * 3,
        "sum": -wave,
        "schema": 0,
        "zero_threshold": 0.01,
        "zero_count_float": wave,
        "positive_spans": [(0, 1)],
        "positive_counts": [wave],
        "negative_spans": [(1, 1)],
        "negative_counts": [wave],
        "reset_hint": 3,
    }


def _exemplars() -> list[tuple[dict[str, str], list[tuple[list[tuple[str, str]], float, int]]]]:
    about = {"__name__": "http_requests_total", "code": "200", "instance": "i0", "job": "api"}
    return [(about, [([("trace_id", f"t{n}")], n / 4, _ms(n)) for n in range(0, COUNT, 48)])]
