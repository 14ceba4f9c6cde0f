"""From a target by way of a rule to a real Alertmanager; over a reload, a restart, and the engine's death."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))
sys.path.insert(0, str(Path(__file__).parent))

from alertmanager_process import ALERTMANAGER, alertmanager
from watchkeeper_process import Watchkeeper, free_port, until

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(
        not Path(ALERTMANAGER).exists(), reason="prometheus-alertmanager is missing: `make peers` unpacks it"
    ),
]

RULES = """
groups:
- name: trouble
  interval: 500ms
  rules:
  - {record: trouble:max, expr: max(trouble)}
  - alert: Trouble
    expr: trouble:max > 0
    for: 1s
    labels: {severity: page}
    annotations: {summary: "trouble of {{ $value }}"}
"""


CONFIG = """
global: {scrape_interval: 500ms, scrape_timeout: 500ms, external_labels: {cluster: here}}
rule_files: [rules.yml]
alerting:
  alertmanagers: [{static_configs: [{targets: ["%s"]}]}]
scrape_configs: [{job_name: x, static_configs: [{targets: ["127.0.0.1:%d"]}]}]
"""


@dataclass
class Target:
    """Something to scrape, whose trouble a test sets."""

    trouble: float = 0.0
    port: int = field(default_factory=free_port)


@dataclass
class Scene:
    """Everything that runs."""

    server: Watchkeeper
    target: Target
    alertmanager: str
    rules: Path

    def alerts(self) -> list[dict[str, Any]]:
        return self.server.get("/api/v1/alerts").json["data"]["alerts"]

    def firing(self) -> dict[str, Any] | None:
        """The alert, where it fires."""
        return next((alert for alert in self.alerts() if alert["state"] == "firing"), None)

    def rounds(self) -> float:
        """How often the rules have been evaluated, or could not be."""
        return self.server.metric("watchkeeper_rule_group_iterations_total")

    def told(self) -> list[dict[str, Any]]:
        """What the Alertmanager holds for unresolved."""
        with urllib.request.urlopen(f"{self.alertmanager}/api/v2/alerts", timeout=5) as answer:
            return [alert for alert in json.load(answer) if alert["labels"]["alertname"] == "Trouble"]

    def fire(self) -> dict[str, Any]:
        """Make trouble, and wait until the Alertmanager knows."""
        self.target.trouble = 2.0
        alert = until(self.firing, "a firing alert")
        until(self.told, "the alert in the Alertmanager")
        return alert

    def calm(self) -> None:
        """End the trouble, and wait until the Alertmanager knows."""
        self.target.trouble = 0.0
        until(lambda: not self.alerts(), "the alert's end")
        until(lambda: not self.told(), "the alert's end in the Alertmanager")


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    made = Target()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"trouble {made.trouble}\n".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", made.port), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, target: Target) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("alerting")
    rules = folder / "rules.yml"
    rules.write_text(RULES)
    config = folder / "prometheus.yml"
    with alertmanager(folder, "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n") as url:
        config.write_text(CONFIG % (url.removeprefix("http://"), target.port))
        with Watchkeeper(folder, "--rules.alert.resend-delay=5s", config=config) as server:
            yield Scene(server, target, url, rules)


def test_a_fired_and_a_resolved_alert_reach_the_alertmanager(scene: Scene) -> None:
    scene.fire()
    (told,) = scene.told()
    assert told["labels"] == {"alertname": "Trouble", "cluster": "here", "severity": "page"}
    assert told["annotations"] == {"summary": "trouble of 2"}
    assert told["generatorURL"].startswith(scene.server.url)
    scene.calm()
    with urllib.request.urlopen(f"{scene.alertmanager}/metrics", timeout=5) as answer:
        resolved = [line for line in answer.read().decode().splitlines() if 'status="resolved"' in line]
    assert any(float(line.split()[-1]) > 0 for line in resolved if "received" in line)


def test_a_reload_keeps_alerts_though_their_rule_has_changed(scene: Scene) -> None:
    before = scene.fire()
    scene.rules.write_text(RULES.replace("trouble of", "much trouble of"))
    scene.server.process.send_signal(signal.SIGHUP)
    until(lambda: "much" in (scene.firing() or {"annotations": {"summary": ""}})["annotations"]["summary"])
    assert scene.firing()["activeAt"] == before["activeAt"]
    scene.calm()


def test_a_reload_of_a_bad_file_changes_nothing(scene: Scene) -> None:
    before = scene.fire()
    good = scene.rules.read_text()
    scene.rules.write_text("groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]")
    scene.server.process.send_signal(signal.SIGHUP)
    until(lambda: "could not parse expression" in scene.server.log(), "the complaint")
    assert scene.firing()["activeAt"] == before["activeAt"]
    scene.rules.write_text(good)
    scene.calm()


def test_the_engines_death_does_not_resolve_an_alert(scene: Scene) -> None:
    before = scene.fire()
    for _ in range(3):
        engine = until(scene.server.engine, "an engine")
        rounds = scene.rounds()
        engine.kill()
        while scene.rounds() < rounds + 3:
            alert = scene.firing()
            assert alert is not None
            assert alert["activeAt"] == before["activeAt"]
            assert scene.told()
            time.sleep(0.05)
    until(lambda: _healthy(scene), "rules that can be evaluated again")
    assert scene.firing()["activeAt"] == before["activeAt"]
    scene.calm()


def test_a_firing_alert_survives_kill_9(scene: Scene) -> None:
    before = scene.fire()
    until(lambda: _written(scene), "the alert's series")
    scene.server.kill()
    scene.server.start()
    after = until(scene.firing, "a firing alert")
    assert after["activeAt"][:19] == before["activeAt"][:19]
    until(scene.told, "the alert in the Alertmanager")
    scene.calm()


def _healthy(scene: Scene) -> bool:
    (group,) = scene.server.get("/api/v1/rules").json["data"]["groups"]
    return all(rule["health"] == "ok" for rule in group["rules"])


def _written(scene: Scene) -> bool:
    query = "/api/v1/query?query=ALERTS%7Balertstate=%22firing%22%7D"
    return bool(scene.server.get(query).json["data"]["result"])
