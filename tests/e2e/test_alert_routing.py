"""From a rule, and from the API, to a webhook without another Alertmanager; over a reload and kill -9."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))

from watchkeeper_process import Watchkeeper, until

PROMETHEUS = """
global: {evaluation_interval: 1s, external_labels: {cluster: here}}
rule_files: [rules.yml]
alerting: {alert_relabel_configs: [{regex: secret, action: labeldrop}]}
"""
RULES = """
groups:
- {name: g, rules: [{alert: Ruled, expr: vector(1), labels: {team: rules, secret: x}}]}
"""
ALERTMANAGER = """
route:
  receiver: page
  group_by: [team]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers: [{name: page, webhook_configs: [{url: "http://127.0.0.1:%d/"}]}]
"""


@dataclass
class Pager:
    """What the webhook was told, in order."""

    told: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0

    def of(self, team: str) -> list[tuple[str, list[str]]]:
        """Of one team: the state of each notification, and its alerts."""
        mine = [one for one in self.told if one["groupLabels"]["team"] == team]
        return [(one["status"], [alert["labels"]["alertname"] for alert in one["alerts"]]) for one in mine]


@pytest.fixture(scope="module")
def pager() -> Iterator[Pager]:
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
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pager: Pager) -> Iterator[Watchkeeper]:
    folder = tmp_path_factory.mktemp("routing")
    (folder / "prometheus.yml").write_text(PROMETHEUS)
    (folder / "rules.yml").write_text(RULES)
    (folder / "alertmanager.yml").write_text(ALERTMANAGER % pager.port)
    flags = ("--config", str(folder / "alertmanager.yml"), "--rules.alert.resend-delay=1s")
    with Watchkeeper(folder, *flags, config=folder / "prometheus.yml") as running:
        yield running


def post(server: Watchkeeper, path: str, body: object) -> Any:
    answer = server.post(path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    assert answer.status == 200, answer.text
    return answer.json if answer.body else None


def fire(server: Watchkeeper, name: str, team: str, lasts_s: float = 3600) -> None:
    ends_at = (datetime.now(UTC) + timedelta(seconds=lasts_s)).isoformat()
    post(server, "/api/v2/alerts", [{"labels": {"alertname": name, "team": team}, "endsAt": ends_at}])


def test_a_rules_alert_reaches_a_receiver(server: Watchkeeper, pager: Pager) -> None:
    until(lambda: pager.of("rules"), "the notification")
    (told,) = (one for one in pager.told if one["groupLabels"] == {"team": "rules"})
    assert told["alerts"][0]["labels"] == {"alertname": "Ruled", "team": "rules", "cluster": "here"}
    assert told["externalURL"] == server.url


def test_an_accepted_alert_and_its_silence_survive_kill_9(server: Watchkeeper, pager: Pager) -> None:
    fire(server, "A", "kill")
    until(lambda: pager.of("kill"), "the notification")
    matcher = {"name": "team", "value": "mute", "isRegex": False}
    now = datetime.now(UTC)
    silence = {
        "matchers": [matcher],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "alice",
        "comment": "night",
    }
    id = post(server, "/api/v2/silences", silence)["silenceID"]
    fire(server, "B", "mute")
    server.kill()
    server.start()
    alerts = {alert["labels"]["alertname"]: alert for alert in server.get("/api/v2/alerts").json}
    assert alerts["A"]["status"]["state"] == "active"
    assert alerts["B"]["status"]["silencedBy"] == [id]
    fire(server, "C", "kill")
    until(lambda: len(pager.of("kill")) > 1, "the next notification")
    assert pager.of("kill") == [("firing", ["A"]), ("firing", ["A", "C"])]
    assert pager.of("mute") == []


def test_what_ends_while_nobody_runs_is_told_afterwards(server: Watchkeeper, pager: Pager) -> None:
    fire(server, "A", "away")
    until(lambda: pager.of("away"), "the notification")
    fire(server, "A", "away", lasts_s=-0.001)
    server.kill()
    server.start()
    until(lambda: len(pager.of("away")) > 1, "the end")
    assert pager.of("away") == [("firing", ["A"]), ("resolved", ["A"])]


def test_a_reload_routes_anew_and_a_bad_file_changes_nothing(server: Watchkeeper, pager: Pager) -> None:
    assert server.process is not None
    config = Path(server.log_path.parent / "alertmanager.yml")
    config.write_text((ALERTMANAGER % pager.port).replace("receiver: page", "receiver: nobody"))
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "there is no receiver" in server.log(), "the complaint")
    fire(server, "A", "after")
    until(lambda: pager.of("after"), "the notification")
    config.write_text((ALERTMANAGER % pager.port).replace("group_by: [team]", "group_by: [team, alertname]"))
    server.process.send_signal(signal.SIGHUP)
    until(lambda: server.log().count("the configuration has been read again"), "the reload")
    fire(server, "B", "after")
    until(lambda: ("firing", ["B"]) in pager.of("after"), "the notification of the new group")
