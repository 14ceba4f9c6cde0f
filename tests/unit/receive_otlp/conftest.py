"""A receiver over a real store on a real engine, and requests made of plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Selection
from watchkeeper.receive.otlp import OTLP, BodyLimits
from watchkeeper.store import Store, StoreOptions
from watchkeeper.store.index import Limits

NOW = 1_763_700_000_000
PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture
def store_options() -> StoreOptions:
    """A metric may have 40 series."""
    return StoreOptions(limits_of=lambda _tenant: Limits(series_per_metric=40))


@pytest.fixture
def otlp(store: Store, clock: Clock) -> OTLP:
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
