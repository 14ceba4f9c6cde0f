"""Alerts beside the real Alertmanager: what many active ones cost, and how soon a new one is told."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from benchmarks.figures import ALERTMANAGER, OURS_FOR_ALERTS, Figures, Goal, Row, times
from benchmarks.servers import Server, available, free_port, running

_KEPT = "10,000 alerts in 500 groups, sent again every 15 s: "
CPU = Row(_KEPT + "CPU", "s a minute", times(2, ALERTMANAGER))
MEMORY = Row(_KEPT + "resident memory", "MiB", times(2, ALERTMANAGER))
SOONEST = Row("from POST to webhook, group_wait 0s", "ms", Goal(100))
RESTART = Row("ready after a restart with 10,000 alerts", "s", Goal(3))
MANY = Row("100,000 alerts posted: time", "s")

_ACTIVE, _GROUPS = 10_000, 500
_RESEND_S, _ROUNDS = 15.0, 4
_A_REQUEST = 64
"""As many alerts as Prometheus sends together."""
_SINGLES = 60


def config(port: int) -> str:
    """One webhook; alerts of the job `now` go out at once, the others in groups by their `lot`."""
    return (
        "route:\n  receiver: hook\n  group_by: [lot]\n  group_wait: 1s\n  group_interval: 15s\n  repeat_interval: 4h\n"
        "  routes:\n  - matchers: ['job=\"now\"']\n    group_by: ['...']\n    group_wait: 0s\n"
        f"receivers:\n- name: hook\n  webhook_configs:\n  - url: http://127.0.0.1:{port}/\n"
    )


def alerts(count: int, job: str) -> list[dict[str, object]]:
    """Alerts that began a while ago and end in five minutes unless they are sent again."""
    now = datetime.now(UTC)
    begin, end = (now - timedelta(minutes=5)).isoformat(), (now + timedelta(minutes=5)).isoformat()
    return [
        {
            "labels": {
                "alertname": "HighLatency", "job": job, "instance": f"{job}-{i}", "lot": str(i % _GROUPS),
                "severity": "critical", "region": f"r{i % 7}",
            },
            "annotations": {"summary": f"instance {i} is slow", "runbook_url": "https://example.org/runbooks/latency"},
            "startsAt": begin,
            "endsAt": end,
            "generatorURL": "http://localhost:9090/graph?g0.expr=latency",
        }
        for i in range(count)
    ]  # fmt: skip


class Sender:
    """Posts alerts to API v2 over one connection that is kept alive."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def send(self, some: Sequence[dict[str, object]]) -> None:
        """One request. Raises RuntimeError where the alerts are not taken."""
        self._connection.request("POST", "/api/v2/alerts", json.dumps(some), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"POST /api/v2/alerts: {answer.status} {text[:200]!r}")

    def send_all(self, all_: Sequence[dict[str, object]]) -> None:
        for first in range(0, len(all_), _A_REQUEST):
            self.send(all_[first : first + _A_REQUEST])


def measure() -> Figures:
    """Each server in turn, with a receiver of its own: us as Alertmanager's work alone, us whole, and Alertmanager."""
    figures = Figures()
    for name in (OURS_FOR_ALERTS, *available(ALERTMANAGER)):
        port = free_port()
        with subprocess.Popen([sys.executable, "-m", "benchmarks.webhooks", str(port)]) as hooks:
            try:
                with running(name, config(port)) as server:
                    _measure(figures, server, port)
            finally:
                hooks.terminate()
    return figures


def _measure(figures: Figures, server: Server, port: int) -> None:
    sender = Sender(server.url)
    _keep(sender, 2)
    cpu, began = server.cpu_s(), time.monotonic()
    _keep(sender, _ROUNDS)
    figures.put(CPU, server.name, (server.cpu_s() - cpu) / (time.monotonic() - began) * 60)
    figures.put(MEMORY, server.name, server.rss_mib())
    taken = sorted(_soonest(sender, port))
    figures.put(SOONEST, server.name, taken[len(taken) // 2], taken[0])
    server.stop()
    figures.put(RESTART, server.name, server.start())
    sender, began = Sender(server.url), time.monotonic()
    sender.send_all(alerts(100_000, "many"))
    figures.put(MANY, server.name, time.monotonic() - began)
    found = _active(server.url)
    if found < 100_000:
        raise RuntimeError(f"{server.name}: only {found} of 100000 alerts are there")


def _keep(sender: Sender, rounds: int) -> None:
    for _ in range(rounds):
        until = time.monotonic() + _RESEND_S
        sender.send_all(alerts(_ACTIVE, "app"))
        time.sleep(max(0.0, until - time.monotonic()))


def _soonest(sender: Sender, port: int) -> list[float]:
    """Milliseconds from each of some single alerts' POST to its arrival, a new group each."""
    posted: dict[str, float] = {}
    for i, alert in enumerate(alerts(_SINGLES, "now")):
        posted[f"now-{i}"] = time.monotonic()
        sender.send([alert])
        time.sleep(0.05)
    time.sleep(2)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        arrived = json.load(answer)
    return [(arrived[instance] - at) * 1e3 for instance, at in posted.items()]


def _active(url: str) -> int:
    with urllib.request.urlopen(url + "/api/v2/alerts", timeout=120) as answer:
        return len(json.load(answer))
