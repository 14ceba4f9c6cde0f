"""Bodies and clients that mean no good: refused with a reason, nothing half-stored, others unaffected."""

from __future__ import annotations

import gzip
import random
import socket
import time
from contextlib import ExitStack, suppress

import cramjam
import pytest
import urllib3
from watchkeeper_process import Watchkeeper, until

from wire import V1, V2, Line, packed, request_v1, request_v2

MIB = 1 << 20


def _lines(name: str, now_ms: int, count: int = 50) -> list[Line]:
    return [Line([("__name__", name), ("i", str(i))], [(now_ms, float(i))]) for i in range(count)]


def _snappy_length(size: int) -> bytes:
    out = bytearray()
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*out, size])


def _damaged(name: str, now_ms: int) -> dict[str, tuple[bytes, dict[str, str], int]]:
    v1, v2 = request_v1(_lines(name, now_ms)), request_v2(_lines(name, now_ms))
    bomb = bytes(cramjam.snappy.compress_raw(b"\0" * (200 * MIB)))
    return {
        "an empty body": (b"", V1, 400),
        "no snappy": (b"\xff" * 100, V1, 400),
        "protobuf without snappy": (v1, V1, 400),
        "JSON": (packed(b'{"metrics": []}'), V1, 400),
        "snappy's framed format": (bytes(cramjam.snappy.compress(v1)), V1, 400),
        "snappy cut off": (packed(v1)[:-7], V1, 400),
        "protobuf cut off, first version": (packed(v1[:-3]), V1, 400),
        "protobuf cut off, second version": (packed(v2[:-3]), V2, 400),
        "a bomb": (bomb, V1, 413),
        "a declared length that is a lie": (_snappy_length(60 * MIB) + packed(v1)[2:], V1, 400),
        "a declared length beyond 32 bits": (_snappy_length(1 << 35) + b"\0" * 10, V1, 400),
        "too large": (random.Random(1).randbytes(65 * MIB), V1, 413),
        "another content type": (packed(v1), {**V1, "content-type": "application/json"}, 415),
        "another message": (packed(v1), {**V1, "content-type": "application/x-protobuf;proto=a.B"}, 415),
        "another encoding": (gzip.compress(v1), {**V1, "content-encoding": "gzip"}, 415),
    }


def test_what_is_no_remote_write_request_is_refused_with_a_reason_and_leaves_nothing(shared: Watchkeeper) -> None:
    now_ms = int(time.time() * 1000)
    before = shared.rss()
    for what, (body, headers, status) in _damaged("damaged", now_ms).items():
        try:
            answer = shared.post("/api/v1/write", body, headers)
        except urllib3.exceptions.ProtocolError:
            # A server may hang up on a body that it will not read.
            assert status == 413, what
            continue
        assert (answer.status, bool(answer.text.strip())) == (status, True), f"{what}: {answer.status} {answer.text}"
        assert "Traceback" not in answer.text
    assert shared.query("damaged") == []
    assert shared.get("/api/v1/series", **{"match[]": "damaged"}).json["data"] == []
    assert shared.rss() - before < 300 * MIB
    assert shared.post("/api/v1/write", packed(request_v1(_lines("whole", now_ms))), V1).status == 204


_PROTOBUF, _JSON = {"content-type": "application/x-protobuf"}, {"content-type": "application/json"}
_GZIP = {"content-encoding": "gzip"}


@pytest.mark.parametrize("path", ["/v1/metrics", "/api/v1/otlp/v1/metrics"])
@pytest.mark.parametrize(
    ("body", "headers", "statuses"),
    [
        (b"\xff" * 100, _PROTOBUF, {400}),
        (b"\x0a\x7f", _PROTOBUF, {400}),
        (b'{"resourceMetrics": [', _JSON, {400}),
        (b'{"resourceMetrics": 7}', _JSON, {400}),
        (b"\xff\xfe{}", _JSON, {400}),
        (b"[" * 100_000, _JSON, {400}),
        (b"{}", {"content-type": "text/plain"}, {415}),
        (b"not gzip", {**_PROTOBUF, **_GZIP}, {400}),
        (gzip.compress(b"\x0a" * 1000)[:-10], {**_PROTOBUF, **_GZIP}, {400}),
        (gzip.compress(b"\0" * (400 * MIB), 1), {**_PROTOBUF, **_GZIP}, {400, 413}),
        (b"x", {**_PROTOBUF, "content-encoding": "br"}, {400, 415}),
    ],
    ids=range(11),
)
def test_what_is_no_otlp_is_refused_with_a_reason(
    shared: Watchkeeper, path: str, body: bytes, headers: dict[str, str], statuses: set[int]
) -> None:
    before = shared.rss()
    answer = shared.post(path, body, headers)
    assert answer.status in statuses, f"{answer.status} {answer.body[:500]!r}"
    assert answer.body
    assert shared.rss() - before < 300 * MIB


def test_random_damage_never_stores_what_was_not_sent(shared: Watchkeeper) -> None:
    chance = random.Random(8)
    now_ms = int(time.time() * 1000)
    refused = 0
    for round_ in range(300):
        version, headers, build = (1, V1, request_v1) if round_ % 2 else (2, V2, request_v2)
        body = bytearray(build(_lines(f"flipped{version}", now_ms, 5)))
        for _ in range(chance.randint(1, 4)):
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        if chance.random() < 0.3:
            del body[chance.randrange(len(body)) :]
        answer = shared.post("/api/v1/write", packed(bytes(body)), headers)
        assert answer.status in (200, 204, 400), f"{answer.status} {answer.text}: {bytes(body)!r}"
        refused += answer.status == 400
    assert refused
    assert shared.query("vector(1)")


@pytest.mark.parametrize("path", ["/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels"])
def test_a_form_that_is_none_is_refused(shared: Watchkeeper, path: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"query=%ff%fe\xff", b"\xff" * 1000, b"query=up(&time=x", b"&" * 100_000, b"match[]={"):
        answer = shared.post(path, body, form)
        assert 200 <= answer.status < 500, f"{body[:50]!r}: {answer.status} {answer.text[:300]}"
    with suppress(urllib3.exceptions.ProtocolError):
        answer = shared.post(path, b"query=" + b"1+" * (6 * MIB), form)
        assert 400 <= answer.status < 500


def _dribbler(server: Watchkeeper, begin: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.port))
    client.sendall(begin)
    return client


def _told(client: socket.socket, patience_s: float = 20) -> bytes:
    client.settimeout(patience_s)
    with suppress(ConnectionError):
        return client.recv(1 << 16)
    return b""


def test_clients_that_dribble_block_nobody_and_are_let_go(shared: Watchkeeper) -> None:
    heads = b"POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    body = (
        b"POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
        b"Content-Encoding: snappy\r\nContent-Length: 100000\r\n\r\n\x01"
    )
    with ExitStack() as stack:
        clients = [stack.enter_context(_dribbler(shared, begin)) for begin in (heads, body, b"") * 60]
        for _ in range(20):
            for client in clients:
                with suppress(OSError):
                    client.send(b"a")
            assert shared.query("vector(1)", at=time.time())
            assert shared.get("/-/ready").status == 200
        for client in clients[:6]:
            told = _told(client)
            assert told.startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 400 ")) or told == b""
    until(lambda: shared.get("/-/ready").status == 200)
    assert "Traceback" not in shared.log()


def test_more_connections_than_may_be_are_refused_and_the_others_served(shared: Watchkeeper) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(_dribbler(shared, b"")) for _ in range(400)]
        told = [_told(client, 0.2 if n < 3 else 5) for n, client in enumerate(clients[-3:])]
        assert all(text.startswith(b"HTTP/1.1 503 ") and b"Retry-After" in text for text in told)
    until(lambda: shared.get("/-/ready").status == 200, patience_s=20)


def test_a_head_without_end_is_cut_off(shared: Watchkeeper) -> None:
    before = shared.rss()
    for begin in (b"GET / HTTP/1.1\r\n", b"GET /"):
        with _dribbler(shared, begin) as client:
            piece = (b"X-A: b\r\n" if begin.endswith(b"\n") else b"aaaaaaaa") * 8192
            with suppress(ConnectionError):
                for _ in range(1000):
                    client.sendall(piece)
            told = _told(client)
            assert told.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")) or told == b""
    assert shared.rss() - before < 100 * MIB


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error_of_ours(shared: Watchkeeper) -> None:
    for path in ("/api/v1/write", "/api/v1/query"):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: snappy\r\n\r\n"
        for _ in range(5):
            _dribbler(shared, head.encode() + b"query=").close()
    assert shared.query("vector(1)")
    assert "Traceback" not in shared.log()


def test_garbage_on_the_wire_is_refused(shared: Watchkeeper) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, b"\0" * 1000, b"HELO me\r\n\r\n"):
        with _dribbler(shared, garbage) as client:
            assert _told(client).startswith(b"HTTP/1.1 400 ")
