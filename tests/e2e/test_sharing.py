"""Two processes over one PostgreSQL: one tells people, and when it is gone the other does, and nothing twice."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pager import Pager, pager

from postgresql import control_url, start_postgresql

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))

from watchkeeper_process import Answer, Watchkeeper, until

CONFIG = """
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
control: {url: "%(url)s"}
route: {receiver: page, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: page, webhook_configs: [{url: "%(pager)s"}]}]
"""
RULES = "groups: [{name: g, rules: [{alert: Ruled, expr: vector(1)}]}]"


def post(server: Watchkeeper, name: str, *, ended: bool = False) -> Answer:
    begin = datetime.now(UTC) - timedelta(minutes=5)
    alert = {"labels": {"alertname": name}, "startsAt": begin.isoformat()}
    if ended:
        alert["endsAt"] = datetime.now(UTC).isoformat()
    return server.post("/api/v2/alerts", json.dumps([alert]).encode(), {"Content-Type": "application/json"})


def names(server: Watchkeeper) -> set[str]:
    return {alert["labels"]["alertname"] for alert in server.get("/api/v2/alerts").json}


def on_duty(server: Watchkeeper) -> bool:
    return "watchkeeper_duty 1.0" in server.get("/metrics").text


@pytest.fixture
def phone() -> Iterator[Pager]:
    with pager() as made:
        yield made


@pytest.fixture
def pair(tmp_path: Path, phone: Pager, postgresql_url: str) -> Iterator[tuple[Watchkeeper, Watchkeeper]]:
    """The one on duty, and the one that stands by, which watches nothing itself."""
    (tmp_path / "rules.yml").write_text(RULES)
    config = tmp_path / "watchkeeper.yml"
    config.write_text(CONFIG % {"url": postgresql_url, "pager": phone.url})
    with ExitStack() as stack:
        servers = [
            Watchkeeper(tmp_path, f"--role={role}", config=config, data=tmp_path / role) for role in ("all", "alerts")
        ]
        for server in servers:
            stack.callback(server.end)
            server.start()
        yield servers[0], servers[1]


def test_two_processes_share_the_work_and_nobody_is_told_twice(
    pair: tuple[Watchkeeper, Watchkeeper], phone: Pager
) -> None:
    first, second = pair
    assert on_duty(first)
    assert not on_duty(second)

    assert post(second, "ByTheOther").status == 200
    until(lambda: phone.states("ByTheOther") == ["firing"], "the notification")
    until(lambda: phone.states("Ruled") == ["firing"], "the notification of the rule")
    assert names(first) == names(second) == {"ByTheOther", "Ruled"}

    silence = {
        "matchers": [{"name": "alertname", "value": "Quiet", "isRegex": False}],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        "createdBy": "alice",
        "comment": "made at the one that stands by",
    }
    body, kind = json.dumps(silence).encode(), {"Content-Type": "application/json"}
    assert second.post("/api/v2/silences", body, kind).status == 200
    assert len(first.get("/api/v2/silences").json) == 1

    first.kill()
    refused = post(second, "Meanwhile")
    assert refused.status == 503
    assert "Retry-After" in refused.headers
    until(lambda: post(second, "Meanwhile").status == 200, "the other one to take the duty")
    assert on_duty(second)
    until(lambda: phone.states("Meanwhile") == ["firing"], "the notification by the other one")
    assert names(second) == {"ByTheOther", "Ruled", "Meanwhile"}
    assert post(second, "Quiet").status == 200
    post(second, "ByTheOther", ended=True)
    until(lambda: phone.states("ByTheOther") == ["firing", "resolved"], "the end")
    assert phone.states("Ruled") == ["firing"]
    assert phone.states("Quiet") == []

    first.start()
    assert not on_duty(first)
    assert names(first) == names(second)
    assert second.terminate() == 0
    until(lambda: on_duty(first), "the duty to come back")
    assert phone.states("Ruled") == ["firing"]


def test_a_database_that_is_away_keeps_nobody_from_being_told(tmp_path: Path, phone: Pager) -> None:
    database = start_postgresql(tmp_path / "postgresql")
    (tmp_path / "rules.yml").write_text("groups: []")
    config = tmp_path / "watchkeeper.yml"
    url = control_url(database)
    config.write_text(CONFIG % {"url": url, "pager": phone.url})
    with Watchkeeper(tmp_path, config=config) as server:
        assert post(server, "Before").status == 200
        until(lambda: phone.states("Before") == ["firing"], "the notification")
        database.cleanup()
        assert post(server, "While").status == 500
        until(lambda: phone.states("While") == ["firing"], "the notification without a database")
        assert on_duty(server)
        database = start_postgresql(tmp_path / "postgresql")
        until(lambda: post(server, "After").status == 200, "the database's return")
        until(lambda: phone.states("After") == ["firing"], "the notification")
        assert phone.states("Before") == phone.states("While") == ["firing"]
    database.cleanup()


def test_a_database_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    config = tmp_path / "watchkeeper.yml"
    config.write_text('control: {url: "postgresql://alice:hidden@127.0.0.1:1/none"}')
    server = Watchkeeper(tmp_path, config=config)
    server.launch()
    assert server.process is not None
    assert server.process.wait(60) == 1
    last = server.log().splitlines()[-1]
    assert last.startswith("watchkeeper: control database: ")
    assert "hidden" not in server.log()
    assert "Traceback" not in server.log()
