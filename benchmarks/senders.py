"""Load over loopback, bounded: a few connections that each post one body after the other."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


def post_all(url: str, bodies: Sequence[bytes], connections: int) -> list[float]:
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
            connection.request("POST", parts.path, body, HEADERS)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status in (429, 503):
                time.sleep(0.05)
                connection.request("POST", parts.path, body, HEADERS)
                answer = connection.getresponse()
                text = answer.read()
            with lock:
                times.append(time.monotonic() - began)
                if answer.status // 100 != 2:
                    failures.append(f"{answer.status} {text[:200]!r}")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"{url}: {failures[0]}")
    return times


def get(url: str, path_and_query: str) -> tuple[float, bytes]:
    """One GET; its seconds and its body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
    began = time.monotonic()
    connection.request("GET", path_and_query)
    answer = connection.getresponse()
    body = answer.read()
    took = time.monotonic() - began
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path_and_query[:120]}: {answer.status} {body[:300]!r}")
    return took, body
