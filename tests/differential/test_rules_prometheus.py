"""The same rules on the same targets, in the real Prometheus and in us: the same alerts over time."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e" / "bad_days"))
sys.path.insert(0, str(Path(__file__).parent))

from prometheus_server import PROMETHEUS, get, prometheus
from watchkeeper_process import Watchkeeper, free_port, until

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(PROMETHEUS).exists(), reason="prometheus is missing: `make peers` unpacks it"),
]

RULES = """
groups:
- name: g
  interval: 1s
  labels: {team: ops}
  rules:
  - {record: load:double, expr: load * 2, labels: {kind: double}}
  - {alert: High, expr: load:double > 10, for: 3s, labels: {severity: page}, annotations: {v: "{{ $value }}"}}
  - {alert: Kept, expr: load > 5, keep_firing_for: 3s}
  - {alert: Templated, expr: load > 5, labels: {where: "{{ $labels.zone | toUpper }}"}}
  - {alert: Twice, expr: load, labels: {zone: same}}
- name: limited
  interval: 1s
  limit: 1
  rules:
  - {alert: TooMany, expr: load}
  - {record: too_many, expr: load}
"""
CALM, HIGH = 1.0, 9.0
STAGES: tuple[tuple[str, float, set[tuple[str, str]], set[str]], ...] = (
    ("calm", CALM, set(), {"High", "Kept"}),
    ("pending", HIGH, {("High", "pending"), ("Kept", "firing")}, set()),
    ("firing", HIGH, {("High", "firing"), ("Kept", "firing")}, set()),
    ("kept", CALM, {("Kept", "firing")}, {"High"}),
    ("calm again", CALM, set(), {"High", "Kept"}),
)


class _Page(BaseHTTPRequestHandler):
    load = CALM

    def do_GET(self) -> None:
        body = f'load{{zone="a"}} {_Page.load}\nload{{zone="b"}} 1\n'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_alerts_go_the_same_way(tmp_path: Path) -> None:
    port = free_port()
    server = ThreadingHTTPServer(("127.0.0.1", port), _Page)
    Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "rules.yml").write_text(RULES)
    config: dict[str, Any] = {
        "global": {"scrape_interval": "500ms", "scrape_timeout": "400ms", "external_labels": {"c": "d"}},
        "rule_files": [str(tmp_path / "rules.yml")],
        "scrape_configs": [{"job_name": "x", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}],
    }
    (tmp_path / "ours.yml").write_text(yaml.safe_dump(config))
    with prometheus(tmp_path, config) as theirs, Watchkeeper(tmp_path, config=tmp_path / "ours.yml") as ours:
        # Both begin to write alerts after their second round.
        until(lambda: all(_rounds(url) >= 3 for url in (theirs, ours.url)), "rounds")
        for stage, load, there, not_there in STAGES:
            _Page.load = load
            until(lambda: _agree(theirs, ours.url, there, not_there), f"{stage} in both", 60)  # noqa: B023 - asked at once
        assert _states(theirs) == _states(ours.url)
    server.shutdown()


def _agree(theirs: str, ours: str, there: set[tuple[str, str]], not_there: set[str]) -> bool:
    """Say whether both show the same, with these alerts in these states, and without those."""
    expected, got = _shown(theirs), _shown(ours)
    states = {(dict(labels)["alertname"], state) for labels, _, state, _ in expected["alerts"]}
    return got == expected and there <= states and not not_there & {name for name, _ in states}


def _rounds(url: str) -> int:
    result = get(f"{url}/api/v1/query?query=count_over_time(load:double%7Bzone=%22a%22%7D%5B1m%5D)")["result"]
    return int(result[0]["value"][1]) if result else 0


def _shown(url: str) -> dict[str, Any]:
    """What there is at one moment: the alerts' series, the recorded ones, the API's alerts and the rules' health."""
    queries = ("ALERTS", "load:double", "too_many", "count(ALERTS_FOR_STATE)")
    series = {
        query: sorted((sorted(one["metric"].items()), one["value"][1]) for one in _asked(url, query))
        for query in queries
    }
    alerts = [
        (sorted(alert["labels"].items()), sorted(alert["annotations"].items()), alert["state"], alert["value"])
        for alert in get(f"{url}/api/v1/alerts")["alerts"]
    ]
    groups = get(f"{url}/api/v1/rules")["groups"]
    health = [(rule["name"], rule["health"], rule.get("lastError", "")) for group in groups for rule in group["rules"]]
    return {**series, "alerts": sorted(alerts), "health": health}


def _states(url: str) -> set[tuple[tuple[tuple[str, str], ...]]]:
    """Every alert series that there was."""
    found = get(f"{url}/api/v1/series?match[]=ALERTS&match[]=ALERTS_FOR_STATE")
    return {tuple(sorted(labels.items())) for labels in found}


def _asked(url: str, query: str) -> list[dict[str, Any]]:
    return get(f"{url}/api/v1/query?query={query}")["result"]
