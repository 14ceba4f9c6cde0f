"""A receiver over a real store on a real engine, and requests made of plain values."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from prometheus_client import CollectorRegistry

from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Selection
from watchkeeper.receive.otlp import OTLP, BodyLimits
from watchkeeper.store import Endpoint, Store, StoreOptions, Target
from watchkeeper.store.index import Limits

NOW = 1_763_700_000_000
_databases = itertools.count()
PROTOBUF = {"content-type": "application/x-protobuf"}


class MovedClock:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.ms = NOW

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        import time

        return time.monotonic()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A running engine: its supervisor needs a loop that outlives the single test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    engine = EmbeddedEngine(tmp_path_factory.mktemp("engine"), EngineMetrics(CollectorRegistry()))
    yield asyncio.run_coroutine_threadsafe(engine.start(), loop).result()
    asyncio.run_coroutine_threadsafe(engine.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def store(endpoint: Endpoint, clock: MovedClock) -> AsyncIterator[Store]:
    """A store of its own for each test, in which a metric may have 40 series."""
    options = StoreOptions(limits_of=lambda _tenant: Limits(series_per_metric=40))
    target = Target(replace(endpoint, database=f"otlp{next(_databases)}"))
    store = Store(target, clock, CollectorRegistry(), options)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def otlp(store: Store, clock: MovedClock) -> OTLP:
    return OTLP(store, clock, CollectorRegistry(), limits=BodyLimits(1 << 20, 2 << 20, 50_000))


@pytest.fixture
def attributes() -> Callable[[Mapping[str, Any]], list[KeyValue]]:
    """OTLP attributes of a dictionary."""

    def make(pairs: Mapping[str, Any]) -> list[KeyValue]:
        return [KeyValue(key=key, value=_value(value)) for key, value in pairs.items()]

    return make


def _value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=value)


@pytest.fixture
def request_of(attributes: Callable[[Mapping[str, Any]], list[KeyValue]]) -> Callable[..., ExportMetricsServiceRequest]:
    """A request with these metrics of one resource."""

    def make(
        *metrics: Metric,
        resource: Mapping[str, Any] | None = None,
        scope: str = "",
        scoped: Mapping[str, Any] | None = None,
    ) -> ExportMetricsServiceRequest:
        request = ExportMetricsServiceRequest()
        of = request.resource_metrics.add()
        of.resource.attributes.extend(attributes({"service.name": "shop"} if resource is None else resource))
        inside = of.scope_metrics.add()
        inside.scope.name = scope
        inside.scope.attributes.extend(attributes(scoped or {}))
        inside.metrics.extend(metrics)
        return request

    return make


@pytest.fixture
def number(attributes: Callable[[Mapping[str, Any]], list[KeyValue]]) -> Callable[..., Metric]:
    """A gauge, or a sum with a temporality, of points (attributes, seconds after NOW, value)."""

    def make(
        name: str,
        *points: tuple[Mapping[str, Any], float, float],
        unit: str = "",
        monotonic: bool = True,
        temporality: int = 0,
        start_s: float | None = None,
    ) -> Metric:
        metric = Metric(name=name, unit=unit, description=f"about {name}")
        data = metric.sum if temporality else metric.gauge
        if temporality:
            metric.sum.is_monotonic = monotonic
            metric.sum.aggregation_temporality = temporality
        for labels, seconds, value in points:
            point = data.data_points.add(time_unix_nano=ns(seconds), attributes=attributes(labels))
            if start_s is not None:
                point.start_time_unix_nano = ns(start_s)
            if isinstance(value, int):
                point.as_int = value
            else:
                point.as_double = value
        return metric

    return make


def ns(seconds: float) -> int:
    """A time, seconds after NOW, in ns."""
    return NOW * 1_000_000 + int(seconds * 1_000) * 1_000_000


@pytest.fixture
def at() -> Callable[[float], int]:
    return ns


@pytest.fixture
def stored(store: Store) -> Callable[..., dict[str, list[tuple[int, Any]]]]:
    """All series of a metric as {text of labels: [(ms after NOW, value or histogram)]}, the slow, obvious form."""

    def read(metric: str, tenant: str = "default") -> dict[str, list[tuple[int, Any]]]:
        matchers = (Matcher("__name__", MatchOp.EQUAL, metric),)
        block = store.select(Selection(tenant, matchers, NOW - 86_400_000, NOW + 86_400_000))
        out: dict[str, list[tuple[int, Any]]] = {}
        for i in range(len(block)):
            labels = ",".join(f"{n}={v}" for n, v in block.frame.labels(i).pairs if n != "__name__")
            a, b = int(block.offsets[i]), int(block.offsets[i + 1])
            rows: list[tuple[int, Any]] = []
            for row in range(a, b):
                place = -1 if block.histogram_at is None else int(block.histogram_at[row])
                value = float(block.values[row]) if place < 0 else block.histograms[place]
                rows.append((int(block.timestamps[row]) - NOW, value))
            out[labels] = rows
        return out

    return read


@pytest.fixture
def send(otlp: OTLP) -> Callable[..., Any]:
    """Send a request; the partial success of the answer as (rejected, text)."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

    async def post(request: ExportMetricsServiceRequest, tenant: str = "default") -> tuple[int, str]:
        outcome = await otlp.receive(request.SerializeToString(), PROTOBUF, tenant)
        assert outcome.status == 200, outcome
        partial = ExportMetricsServiceResponse.FromString(outcome.body).partial_success
        return partial.rejected_data_points, partial.error_message

    return post
