"""Load over loopback, bounded: a few connections that each post one body after the other; and questions."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_PATIENCE_S = 60.0


def post_all(url: str, bodies: Iterable[bytes], connections: int) -> list[float]:
    """Post every body once and return each answer's seconds. A refused body ends the measurement."""
    parts = urlsplit(url)
    times: list[float] = []
    failures: list[str] = []
    todo = iter(bodies)
    lock = threading.Lock()

    def work() -> None:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        while not failures:
            with lock:
                body = next(todo, None)
            if body is None:
                break
            began = time.monotonic()
            status, text = _post(connection, parts.path, body)
            with lock:
                times.append(time.monotonic() - began)
                if status // 100 != 2:
                    failures.append(f"{status} {text[:200]!r}")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"{url}: {failures[0]}")
    return times


def _post(connection: http.client.HTTPConnection, path: str, body: bytes) -> tuple[int, bytes]:
    """Post until the server is not too busy any more."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        connection.request("POST", path, body, HEADERS)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (429, 503) or time.monotonic() > deadline:
            return answer.status, text
        time.sleep(0.05)


class Asker:
    """Questions over one connection that is kept alive."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)

    def get(self, path_and_query: str) -> tuple[float, bytes]:
        """One GET; its seconds and its body."""
        began = time.monotonic()
        self._connection.request("GET", path_and_query)
        answer = self._connection.getresponse()
        body = answer.read()
        took = time.monotonic() - began
        if answer.status != 200:
            raise RuntimeError(f"{path_and_query[:120]}: {answer.status} {body[:300]!r}")
        return took, body
