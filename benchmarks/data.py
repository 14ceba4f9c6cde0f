"""Data sets that every server is given alike: label sets, counters that grow, and the requests that carry them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks import wire

Pairs = Sequence[tuple[str, str]]
SERIES_A_REQUEST = 2000
SAMPLES_A_REQUEST = 40_000
_PACES = 17


@dataclass(frozen=True)
class DataSet:
    """`series` label sets with `samples` each, `step_ms` apart, of counters that grow at seventeen paces."""

    name: str
    series: int
    samples: int
    labels: Callable[[int], Pairs]
    step_ms: int = 15_000

    def label_sets(self) -> list[bytes]:
        return [wire.labels(self.labels(i)) for i in range(self.series)]

    def bodies(self, end_ms: int) -> Iterator[bytes]:
        """Requests in the order of time, the last samples at `end_ms`."""
        encoded = self.label_sets()
        at_once = min(self.samples, max(1, SAMPLES_A_REQUEST // min(self.series, SERIES_A_REQUEST)))
        for first in range(0, self.samples, at_once):
            rounds = range(first, min(first + at_once, self.samples))
            texts = [b"".join(self._sample(pace, r, end_ms) for r in rounds) for pace in range(_PACES)]
            for at in range(0, self.series, SERIES_A_REQUEST):
                lot = encoded[at : at + SERIES_A_REQUEST]
                yield wire.body(lot, [texts[(at + i) % _PACES] for i in range(len(lot))])

    def _sample(self, pace: int, r: int, end_ms: int) -> bytes:
        return wire.sample(float(r * (pace + 1) + math.floor(r / 7)), end_ms - (self.samples - 1 - r) * self.step_ms)


def application(metric: str) -> Callable[[int], Pairs]:
    """Series of an application's pods."""
    return lambda i: [
        ("__name__", metric), ("job", "app"), ("instance", f"10.0.{i // 250}.{i % 250}:8080"),
        ("x", f"x{i % 25}"), ("pod", f"app-{i:06d}"), ("zone", f"z{i % 3}"),
    ]  # fmt: skip


_BOUNDS = ("0.005", "0.01", "0.05", "0.1", "0.5", "1", "2.5", "5", "10", "+Inf")


def buckets(i: int) -> Pairs:
    """Ten buckets of a classic histogram for each pod."""
    return [
        ("__name__", "latency_seconds_bucket"), ("job", "app"), ("pod", f"app-{i // 10:06d}"),
        ("path", f"/p{i // 10 % 50}"), ("le", _BOUNDS[i % 10]),
    ]  # fmt: skip


def lots(i: int) -> Pairs:
    """A thousand lots of a thousand series each."""
    return [
        ("__name__", "m"), ("job", "app"), ("instance", f"10.{i // 62500}.{i // 250 % 250}.{i % 250}:8080"),
        ("x", f"x{i % 10}"), ("lot", str(i // 1000)),
    ]  # fmt: skip


def service(i: int) -> Pairs:
    """Label sets of about 280 bytes, as an instrumented service in a cluster has them."""
    return [
        ("__name__", f"http_server_requests_seconds_bucket_{i % 40}"),
        ("job", "kubernetes-pods"), ("namespace", f"shop-{i % 7}"),
        ("pod", f"checkout-{i // 100:05d}-7d9f8b6c5d"), ("instance", f"10.12.{i // 256 % 256}.{i % 256}:8080"),
        ("cluster", "production-eu-central-1"), ("method", ("GET", "POST", "PUT")[i % 3]),
        ("path", f"/api/v1/resource/{i % 50}"), ("status", str(200 + i % 5)), ("le", str((i % 12) / 4)),
    ]  # fmt: skip
