"""kill -9, of the server and of its engine, loses nothing that was acknowledged and doubles nothing."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3
from watchkeeper_process import Watchkeeper, until

from senders import Sender

_PAIRS = 10


class _Counting(BaseHTTPRequestHandler):
    """A target whose counter is what was scraped so far."""

    def do_GET(self) -> None:
        self.server.scrapes += 1  # type: ignore[attr-defined]
        body = f"# TYPE seen counter\nseen_total {self.server.scrapes}\n".encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def target() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Counting)
    server.scrapes = 0  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _rows(server: Watchkeeper, sender: Sender, at: float) -> dict[str, list[tuple[int, float]]]:
    """All samples of the sender's series by `i`, those of later lots behind the others."""
    found = server.query(f'sent{{sender="{sender.name}"}}[1h]', at)
    rows: dict[str, list[tuple[int, float]]] = {}
    for one in sorted(found, key=lambda one: int(one["metric"].get("lot", 0))):
        samples = [(round(float(t) * 1000), float(v)) for t, v in one["values"]]
        rows.setdefault(one["metric"]["i"], []).extend(samples)
    return rows


def _holds(server: Watchkeeper, senders: list[Sender]) -> None:
    """Everything acknowledged is there once, as it was sent last, and nothing else."""
    at = time.time() + 1
    for sender in senders:
        rows = _rows(server, sender, at)
        assert rows == {str(i): sender.expected(i) for i in range(sender.series)}
        counts = server.query(f'sum by (i) (count_over_time(sent{{sender="{sender.name}"}}[1h]))', at)
        assert {float(one["value"][1]) for one in counts} == {float(sender.acknowledged)}
        rows = server.sql(f"SELECT toInt64(count()) AS n FROM samples WHERE labels['sender'] = '{sender.name}'")
        assert rows[-1] == [str(sender.acknowledged * sender.series)]
    series = server.get("/api/v1/series", **{"match[]": "sent"}).json["data"]
    distinct = {tuple(sorted(one.items())) for one in series}
    assert len(series) == len(distinct) == sum(sender.series * sender.lots() for sender in senders)
    names = server.get("/api/v1/label/sender/values").json["data"]
    assert names == sorted(sender.name for sender in senders)


class Asker:
    """Asks SQL all the time, for which the engine must have taken the log: many a kill comes in the middle of that."""

    def __init__(self, server: Watchkeeper) -> None:
        self.answers = 0
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(0.02):
            with suppress(urllib3.exceptions.HTTPError):
                self.answers += self._server.get("/api/watchkeeper/v1/sql", query="SELECT 1").status == 200


def _kill_engine(server: Watchkeeper) -> None:
    engine = until(lambda: _revive(server) or server.engine(), "the engine's process")
    engine.kill()


def _until_ready(server: Watchkeeper) -> None:
    until(lambda: _revive(server) or server.is_ready(), "readiness")


def _revive(server: Watchkeeper) -> None:
    """What a service supervisor does: a server whose engine died while it opened has ended, and is started again."""
    assert server.process is not None
    if server.process.poll() is not None:
        server.launch()


def test_nothing_acknowledged_is_lost_or_doubled_over_twenty_kills(
    make: Callable[..., Watchkeeper], target: ThreadingHTTPServer, tmp_path: Path
) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "scrape_configs:\n- job_name: counting\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\n"
        f"  static_configs: [{{targets: ['127.0.0.1:{target.server_port}']}}]\n"
    )
    server = make(config=config)
    server.start()
    # A sender's time goes faster than ours, from half an hour ago on: far from the bounds of what is welcome.
    begin_ms = int(time.time() * 1000) - 1_800_000
    senders = [
        Sender(server.url, "steady", begin_ms),
        Sender(server.url, "fickle", begin_ms, lot=40),
        Sender(server.url, "doubtful", begin_ms, lot=400, rewrites=True),
    ]
    asker = Asker(server)
    for one in (*senders, asker):
        one.start()
    chance = random.Random(20)
    # In pairs, for an engine that dies again and again is started later and later.
    kills = [kill for _ in range(_PAIRS) for kill in chance.sample(["engine", "server"], 2)]
    for kill in kills:
        time.sleep(chance.uniform(0.05, 0.6))
        if kill == "engine":
            _kill_engine(server)
        else:
            server.kill()
            server.launch()
            # Now and then it is killed again while it opens.
            if chance.random() < 0.7:
                _until_ready(server)
            else:
                time.sleep(chance.uniform(0.0, 2.0))
    _until_ready(server)
    asker.stop()
    assert asker.answers > len(kills)
    for sender in senders:
        sender.stop()
        assert sender.refused == []
        assert sender.acknowledged > 0
    assert sum(sender.retries for sender in senders) > 0
    assert senders[1].lots() > 1
    _holds(server, senders)
    at = time.time()
    seen = server.query("seen_total[1h]", at)[0]["values"]
    times, values = [float(t) for t, _ in seen], [float(v) for _, v in seen]
    assert times == sorted(set(times))
    assert values == sorted(set(values))
    assert server.terminate() == 0
    # A start in peace finds the same.
    server.start()
    _holds(server, senders)
    assert server.terminate() == 0
