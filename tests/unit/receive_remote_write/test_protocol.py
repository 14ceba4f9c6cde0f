"""What a sender is told: content types, sizes, busy stores, response headers."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.receive.remote_write import RemoteWrite, warm_up
from watchkeeper.store import StoreBusy, StoreFailure, StoreFull

from .conftest import Shelf
from .wire import V1, V2, Line, packed, request_v1, request_v2

ONE = [Line([("__name__", "m")], [(1, 1.0)])]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/x-protobuf",
        "Application/X-Protobuf; charset=utf-8",
        "application/x-protobuf;proto=prometheus.WriteRequest",
        'application/x-protobuf; proto="prometheus.WriteRequest"',
    ],
)
async def test_content_types_of_1_0(receiver: RemoteWrite, content_type: str) -> None:
    outcome = await receiver.receive(packed(request_v1(ONE)), {"content-type": content_type})
    assert (outcome.status, dict(outcome.headers)) == (204, {})


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"content-type": "application/json"}, "expected application/x-protobuf"),
        ({"content-type": "application/x-protobuf;proto=what.Ever"}, "unknown message what.Ever"),
        ({"content-type": "application/x-protobuf;proto"}, "key-values"),
        ({"content-encoding": "zstd"}, "only snappy"),
    ],
)
async def test_other_content_is_not_supported(receiver: RemoteWrite, headers: dict[str, str], word: str) -> None:
    outcome = await receiver.receive(packed(request_v1(ONE)), headers)
    assert outcome.status == 415 and word in outcome.text


async def test_2_0_counts_what_was_written(receiver: RemoteWrite, shelf: Shelf) -> None:
    lines = [
        Line([("__name__", "m")], [(1, 1.0), (2, 2.0)], exemplars=[([("trace_id", "x")], 1.0, 1)]),
        Line([("__name__", "h")], histograms=[{"count_int": 0, "timestamp": 5}]),
    ]
    outcome = await receiver.receive(packed(request_v2(lines)), V2)
    assert outcome.status == 204
    assert outcome.headers == {
        "X-Prometheus-Remote-Write-Samples-Written": "2",
        "X-Prometheus-Remote-Write-Histograms-Written": "1",
        "X-Prometheus-Remote-Write-Exemplars-Written": "1",
    }


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"", 400, "snappy"),
        (b"\xff\xff\xff\xff\xff\xff", 400, "snappy"),
        (b"\x80\x80\x80\x80\x08", 413, "unpacks to"),
        (b"\xff\xff\x7f" + b"\0" * 9, 400, "cannot unpack"),
        (b"\x05\x00a", 400, "snappy"),
        (b"x" * ((1 << 20) + 1), 413, "allowed"),
        (packed(b"\0" * ((2 << 20) + 1)), 413, "unpacks to"),
        (packed(b"plain text"), 400, "protobuf"),
        (packed(request_v1(ONE)[:-1]), 400, "protobuf"),
    ],
)
async def test_bodies_that_cannot_be_taken(
    receiver: RemoteWrite, shelf: Shelf, body: bytes, status: int, word: str
) -> None:
    for headers in (V1, V2):
        outcome = await receiver.receive(body, headers)
        assert outcome.status == status, outcome
        assert word in outcome.text
    assert shelf.batches == []


@pytest.mark.parametrize("error", [StoreBusy("too much waits"), StoreFull("no room")])
async def test_a_busy_or_full_store_asks_for_a_retry(receiver: RemoteWrite, shelf: Shelf, error: StoreFailure) -> None:
    shelf.error = error
    outcome = await receiver.receive(packed(request_v2(ONE)), V2)
    assert outcome.status == 503 and outcome.text == str(error)
    assert outcome.headers["Retry-After"] == "5"
    assert outcome.headers["X-Prometheus-Remote-Write-Samples-Written"] == "0"
    shelf.error = None
    assert (await receiver.receive(packed(request_v2(ONE)), V2)).status == 204


async def test_a_failed_store_says_so(receiver: RemoteWrite, shelf: Shelf) -> None:
    shelf.error = StoreFailure("the table is gone", retryable=False)
    outcome = await receiver.receive(packed(request_v1(ONE)), V1)
    assert (outcome.status, outcome.text) == (500, "the table is gone")


async def test_an_empty_request_is_fine(receiver: RemoteWrite, shelf: Shelf) -> None:
    assert (await receiver.receive(b"\0", V1)).status == 204
    assert (await receiver.receive(b"\0", V2)).status == 204
    assert shelf.batches == []


async def test_a_message_of_the_other_version_stores_nothing(receiver: RemoteWrite, shelf: Shelf) -> None:
    outcome = await receiver.receive(packed(request_v2(ONE)), V1)
    assert outcome.status == 204 and shelf.batches == []


async def test_requests_are_counted() -> None:
    registry = CollectorRegistry()
    receiver = RemoteWrite(Shelf(), registry)
    await receiver.receive(packed(request_v1([*ONE, Line([("a", "b")], [(1, 1.0), (2, 1.0)])])), V1)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"watchkeeper_remote_write_{name}", labels)

    assert value("requests_total", message="prometheus.WriteRequest", code="400") == 1
    assert value("written_total", kind="sample") == 1
    assert value("refused_total", reason="invalid_labels_or_limit") == 2


def _series(content: bytes) -> bytes:
    return b"\x0a" + len(content).to_bytes(1) + content


@pytest.mark.parametrize(
    ("message", "word"),
    [
        (_series(b"") * 1_100_000, "series"),
        ((_series(b"\x22\x00" * 60)) * 10_000, "histograms"),
        ((_series(b"\x12\x00" * 60)) * 150_000, "samples"),
    ],
)
async def test_a_bomb_of_tiny_messages_is_refused_before_it_takes_memory(message: bytes, word: str) -> None:
    outcome = await RemoteWrite(Shelf(), CollectorRegistry()).receive(packed(message), V1)
    assert outcome.status == 413 and word in outcome.text


async def test_many_offenders_are_counted_and_few_are_named() -> None:
    receiver = RemoteWrite(Shelf(), CollectorRegistry())
    lines = [Line([("__name__", "m"), ("x", str(i)), ("x", "2")], [(1, 1.0)]) for i in range(30_000)]
    outcome = await receiver.receive(packed(request_v1(lines)), V1)
    assert outcome.status == 400
    assert outcome.text.count("duplicated label x") == 3 and "and 29997 more" in outcome.text


async def test_a_receiver_can_be_warmed_up_and_takes_large_bodies_in_a_thread(shelf: Shelf) -> None:
    warm_up()
    receiver = RemoteWrite(shelf, CollectorRegistry())
    lines = [Line([("__name__", "m"), ("i", hex(i * 0x9E3779B97F4A7C15))], [(i, i * 0.1)]) for i in range(40_000)]
    body = packed(request_v1(lines))
    assert len(body) > 1 << 20
    outcomes = await asyncio.gather(*(receiver.receive(body, V1) for _ in range(3)))
    assert [outcome.status for outcome in outcomes] == [204] * 3
    assert [batch.refs.size for batch in shelf.batches] == [40_000] * 3
    assert (np.sort(shelf.batches[0].refs) == np.arange(40_000)).all()
