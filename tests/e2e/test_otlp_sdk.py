"""A real OpenTelemetry SDK sends to a running house, over HTTP and gRPC."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GRPCExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HTTPExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

from watchkeeper.app.house import House
from watchkeeper.app.settings import Address, Settings
from watchkeeper.base.clock import SystemClock
from watchkeeper.store import StoreFull

EXPORT = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


def free_address() -> Address:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Address("127.0.0.1", probe.getsockname()[1])


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(
        data=tmp_path,
        listen=(free_address(),),
        otlp_http_listen=free_address(),
        otlp_grpc_listen=free_address(),
        host_collector=False,
    )
    house = House(settings, SystemClock(), {})
    await house.start()
    yield house
    await house.stop()


def observed(_options: CallbackOptions) -> Iterator[Observation]:
    yield Observation(21.5, {"room": "hall"})


def measure(exporter: Any) -> None:
    """One of every instrument, twice exported."""
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    views = [View(instrument_name="size", aggregation=ExponentialBucketHistogramAggregation())]
    resource = Resource.create({"service.name": "shop", "service.instance.id": "a-1"})
    provider = MeterProvider([reader], resource, views=views)
    meter = provider.get_meter("lib", "1.0")
    counter = meter.create_counter("orders", unit="{order}")
    duration, size = meter.create_histogram("duration", unit="s"), meter.create_histogram("size", unit="By")
    meter.create_observable_gauge("temperature", [observed], unit="Cel")
    for amount in (3, 4):
        counter.add(amount, {"kind": "a"})
        duration.record(0.3, {"kind": "a"})
        size.record(100)
        assert reader.force_flush()
    provider.shutdown()


def ask(house: House, query: str) -> Any:
    url = f"http://{house.settings.listen[0]}/api/v1/query?query={urllib.parse.quote(query)}"
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)["data"]["result"]


async def asked(house: House, query: str) -> Any:
    return await asyncio.to_thread(ask, house, query)


async def check(house: House) -> None:
    orders = await asked(house, "orders_total")
    assert orders[0]["metric"] == {"__name__": "orders_total", "instance": "a-1", "job": "shop", "kind": "a"}
    assert orders[0]["value"][1] == "7"
    assert (await asked(house, 'duration_seconds_bucket{le="5"}'))[0]["value"][1] == "2"
    assert (await asked(house, "histogram_count(size_bytes)"))[0]["value"][1] == "2"
    assert (await asked(house, "temperature_celsius"))[0]["value"][1] == "21.5"
    assert (await asked(house, "target_info"))[0]["metric"]["telemetry_sdk_language"] == "python"


@pytest.mark.parametrize("port", ["main", "own"])
async def test_an_sdk_sends_over_http(house: House, port: str):
    address = house.settings.otlp_http_listen if port == "own" else house.settings.listen[0]
    exporter = HTTPExporter(f"http://{address}/v1/metrics", compression=Compression.Gzip)
    await asyncio.to_thread(measure, exporter)
    await check(house)


async def test_an_sdk_sends_deltas_over_grpc(house: House):
    temporality: dict[type, AggregationTemporality] = dict.fromkeys((Counter, Histogram), AggregationTemporality.DELTA)
    exporter = GRPCExporter(str(house.settings.otlp_grpc_listen), insecure=True, preferred_temporality=temporality)
    await asyncio.to_thread(measure, exporter)
    await check(house)


async def test_grpc_says_what_is_wrong_and_when_to_come_again(house: House, monkeypatch: pytest.MonkeyPatch):
    async with grpc.aio.insecure_channel(str(house.settings.otlp_grpc_listen)) as channel:
        export = channel.unary_unary(EXPORT)
        with pytest.raises(grpc.aio.AioRpcError) as malformed:
            await export(b"\xff\xff\xff")
        assert malformed.value.code() is grpc.StatusCode.INVALID_ARGUMENT

        async def full(_batch: object) -> None:
            raise StoreFull("no room")

        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

        request = ExportMetricsServiceRequest()
        metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="g")
        metric.gauge.data_points.add(as_double=1.0, time_unix_nano=house.clock.now_ms() * 1_000_000)
        monkeypatch.setattr("watchkeeper.store.store.Store.append", lambda _self, batch: full(batch))
        with pytest.raises(grpc.aio.AioRpcError) as busy:
            await export(request.SerializeToString())
        assert busy.value.code() is grpc.StatusCode.UNAVAILABLE
        details = dict(busy.value.trailing_metadata() or ())["grpc-status-details-bin"]
        info = RetryInfo()
        assert Status.FromString(details).details[0].Unpack(info)
        assert info.retry_delay.seconds == 5


async def test_a_bomb_over_grpc_is_refused(house: House):
    channel = grpc.aio.insecure_channel(str(house.settings.otlp_grpc_listen), compression=grpc.Compression.Gzip)
    async with channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary(EXPORT)(bytes(40 << 20))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_taken_port_is_a_warning(house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    settings = Settings(
        data=tmp_path / "second",
        listen=(free_address(),),
        otlp_http_listen=house.settings.otlp_http_listen,
        otlp_grpc_listen=house.settings.otlp_grpc_listen,
        host_collector=False,
    )
    second = House(settings, SystemClock(), {})
    await second.start()
    await second.stop()
    assert "OTLP over HTTP is taken at the main addresses only" in caplog.text
    assert "OTLP over gRPC is not taken" in caplog.text
