"""Somebody's pager: a webhook that writes down what it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Pager:
    """What it was told, in order."""

    told: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def states(self, alert: str) -> list[str]:
        """The states in which it was told of an alert."""
        named = ({one["labels"]["alertname"]: one["status"] for one in body["alerts"]} for body in self.told)
        return [states[alert] for states in named if alert in states]


@contextmanager
def pager() -> Generator[Pager]:
    """One on a port of its own."""
    made = Pager()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
