"""A receiver that cannot be told, in a running server: its alert, its fallback, and a test from the outside."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hearing import hearing

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))

from watchkeeper_process import Watchkeeper, until

CONFIG = """
route:
  receiver: team
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  routes: [{receiver: ops, matchers: [alertname = WatchkeeperReceiverFailing]}]
receivers:
- name: team
  fallback: spare
  circuit_breaker: {failures: 2, after: 0s, pause: 1s, longest_pause: 1s}
  webhook_configs: [{url: "http://127.0.0.1:%(port)d/team"}]
- {name: spare, webhook_configs: [{url: "http://127.0.0.1:%(port)d/spare"}]}
- {name: ops, webhook_configs: [{url: "http://127.0.0.1:%(port)d/ops"}]}
"""


@dataclass
class Hooks:
    """What was posted where, and whether the team's address works."""

    port: int = 0
    works: bool = False
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def of(self, path: str) -> list[dict[str, Any]]:
        return [body for at, body in self.told if at == path]


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    made = Hooks()

    def take(path: str, body: bytes) -> int:
        if not made.works and path == "/team":
            return 503
        made.told.append((path, json.loads(body)))
        return 200

    with hearing(take) as made.port:
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, hooks: Hooks) -> Iterator[Watchkeeper]:
    folder = tmp_path_factory.mktemp("failing")
    (folder / "watchkeeper.yml").write_text(CONFIG % {"port": hooks.port})
    with Watchkeeper(folder, config=folder / "watchkeeper.yml") as running:
        yield running


def test_a_failing_receiver_is_an_alert_and_nothing_is_lost(server: Watchkeeper, hooks: Hooks) -> None:
    body = json.dumps([{"labels": {"alertname": "Hot"}}]).encode()
    assert server.post("/api/v2/alerts", body, {"Content-Type": "application/json"}).status == 200
    [told] = until(lambda: hooks.of("/ops"), "the alert about the receiver")
    assert told["commonLabels"]["receiver"] == "team"
    assert told["commonLabels"]["integration"] == "webhook[0]"
    spare = until(lambda: hooks.of("/spare"), "the fallback")[0]
    assert spare["commonLabels"]["alertname"] == "Hot"
    assert "team cannot be told" in spare["note"]
    assert (
        'watchkeeper_notify_circuit_open{integration="webhook[0]",receiver="team"} 1.0' in server.get("/metrics").text
    )
    hooks.works = True
    assert until(lambda: hooks.of("/team"), "the team")[0]["commonLabels"]["alertname"] == "Hot"
    until(lambda: [told["status"] for told in hooks.of("/ops")][-1] == "resolved", "the end of the alert")


def test_a_running_server_sends_a_test_and_says_what_was_answered(server: Watchkeeper, hooks: Hooks) -> None:
    answer = server.post("/api/watchkeeper/v1/receivers/spare/test", b"", {})
    assert answer.status == 200, answer.text
    [tried] = answer.json["data"]["integrations"]
    assert (tried["integration"], tried["sent"], tried["answer"]) == ("webhook[0]", True, "200 OK")
    assert hooks.of("/spare")[-1]["commonLabels"]["alertname"] == "WatchkeeperTest"
    unknown = server.post("/api/watchkeeper/v1/receivers/nobody/test", b"", {})
    assert (unknown.status, unknown.json["error"]) == (404, 'there is no receiver "nobody"')
