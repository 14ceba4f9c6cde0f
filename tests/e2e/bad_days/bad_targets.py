"""Targets that mean no good, and a good one beside them."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD = b"# TYPE good gauge\ngood 1\n"
_PLAIN = "text/plain; version=0.0.4"
_MIB = 1 << 20


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        behaviour = BEHAVIOURS[self.path.split("?")[0].strip("/")]
        self.close_connection = True
        with suppress(OSError):
            behaviour(self)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, body: bytes, content_type: str = _PLAIN, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Connection", "close")
        self.send_header("Content-Type", content_type)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin(self, *headers: tuple[str, str]) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.send_header("Content-Type", _PLAIN)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()


def _drips(to: _Handler) -> None:
    to.begin()
    for _ in range(600):
        to.wfile.write(b"a")
        to.wfile.flush()
        time.sleep(0.1)


def _silent(to: _Handler) -> None:
    time.sleep(20)


def _endless(to: _Handler) -> None:
    to.begin()
    _pour(to, b"".join(b'endless{a="%d"} 1\n' % i for i in range(10_000)))


def _endless_line(to: _Handler) -> None:
    to.begin()
    _pour(to, b"a" * 262_144)


def _pour(to: _Handler, piece: bytes) -> None:
    """Without end, but not with all that the machine has: the test's other targets live in this process."""
    for _ in range(10_000):
        to.wfile.write(piece)
        time.sleep(0.01)


_BOMB = gzip.compress(b"#" * (64 * _MIB), 1)


def _endless_headers(to: _Handler) -> None:
    to.wfile.write(b"HTTP/1.1 200 OK\r\n")
    _pour(to, b"X-A: b\r\n" * 1000)


def _hangs_up(to: _Handler) -> None:
    to.begin(("Content-Length", "1000"))
    to.wfile.write(b"half 1\n")


BEHAVIOURS: dict[str, Callable[[_Handler], None]] = {
    "good": lambda to: to.answer(GOOD),
    "drips": _drips,
    "silent": _silent,
    "endless": _endless,
    "endless_line": _endless_line,
    "endless_headers": _endless_headers,
    "bomb": lambda to: to.answer(_BOMB, Content_Encoding="gzip"),
    "garbage": lambda to: to.answer(bytes(range(256)) * 40),
    "half_garbage": lambda to: to.answer(b"fine 1\nnot fine at all\nfine_too 2\n"),
    "page": lambda to: to.answer(b"<html><body>hello</body></html>", "text/html"),
    "no_type": lambda to: to.answer(GOOD, ""),
    "broken_gzip": lambda to: to.answer(b"\x1f\x8b" + b"x" * 100, Content_Encoding="gzip"),
    "strange_encoding": lambda to: to.answer(GOOD, Content_Encoding="br"),
    "wrong_protobuf": lambda to: to.answer(
        b"\xff" * 300,
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    ),
    "loop": lambda to: to.answer(b"", status=302, Location="/loop"),
    "to_a_file": lambda to: to.answer(b"", status=302, Location="file:///etc/passwd"),
    "teapot": lambda to: to.answer(b"no", status=418),
    "hangs_up": _hangs_up,
}


def serve() -> ThreadingHTTPServer:
    """A server of all behaviours, each at its own path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def serve_tls(context: ssl.SSLContext) -> ThreadingHTTPServer:
    """The same over TLS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def closed_port() -> int:
    """A port at which nobody is."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
