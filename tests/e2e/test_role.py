"""`serve --role alerts`: Alertmanager's work and ours around it, without a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from pager import Pager, pager

from watchkeeper_server import Server, run, until, watchkeeper

ROUTE = """
route: {receiver: page, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: page, webhook_configs: [{url: "%s"}]}]
"""
ALERTS = "--role=alerts"


@pytest.fixture
def phone() -> Iterator[Pager]:
    with pager() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, phone: Pager) -> Iterator[Server]:
    with watchkeeper(tmp_path, ROUTE % phone.url, ALERTS) as running:
        yield running


def post(server: Server, name: str) -> None:
    begin = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    body = json.dumps([{"labels": {"alertname": name, "severity": "critical"}, "startsAt": begin}]).encode()
    answer = server.ask("/api/v2/alerts", "POST", body, Content_Type="application/json")
    assert answer.status == 200, answer.text


def silence(server: Server, comment: str) -> tuple[int, str]:
    """Try to make one; the status, and what is said."""
    now = datetime.now(UTC)
    body = {
        "matchers": [{"name": "a", "value": "b", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "alice!!",
        "comment": comment,
    }
    answer = server.ask("/api/v2/silences", "POST", json.dumps(body).encode(), Content_Type="application/json")
    return answer.status, str(answer.json)


def is_recorded(server: Server) -> bool:
    """Whether the history has a notification that went out."""
    entries = server.get("/api/watchkeeper/v1/journal").data["entries"]
    return "notification.sent" in {entry["kind"] for entry in entries}


def test_it_takes_alerts_and_tells_people(server: Server, phone: Pager) -> None:
    post(server, "Down")
    until(lambda: phone.states("Down") == ["firing"])
    assert [alert["labels"]["alertname"] for alert in server.get("/api/v2/alerts").json] == ["Down"]
    until(lambda: is_recorded(server))
    assert server.get("/incidents").status == 200


def test_it_has_no_engine_and_loads_neither_kernels_nor_arrays(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    assert process.children() == []
    loaded = " ".join(mapped.path for mapped in process.memory_maps())
    assert not [name for name in ("chdb", "numpy", "llvmlite", "clickhouse_connect") if name in loaded]


def test_what_needs_samples_is_neither_answered_nor_offered(server: Server) -> None:
    assert server.get("/api/v1/query", query="up").status == 404
    assert server.get("/api/watchkeeper/v1/sql", query="SELECT 1").status == 404
    offered = server.get("/api/watchkeeper/v1/openapi.json").json["paths"]
    assert not offered.keys() & {"/sql", "/import/openmetrics", "/rules/backtest"}
    page = server.get("/").text
    assert "/api/v2/alerts" in page
    assert "/api/v1/" not in page


def test_what_it_keeps_outlives_a_kill(tmp_path: Path, phone: Pager) -> None:
    with watchkeeper(tmp_path, ROUTE % phone.url, ALERTS) as first:
        post(first, "Down")
        until(lambda: is_recorded(first))
        first.process.kill()
        first.process.wait()
    with watchkeeper(tmp_path, ROUTE % phone.url, ALERTS) as second:
        post(second, "Later")
        until(lambda: phone.states("Later") == ["firing"])
        assert {alert["labels"]["alertname"] for alert in second.get("/api/v2/alerts").json} == {"Down", "Later"}
    assert phone.states("Down") == ["firing"]


def test_silences_are_bounded_as_alertmanagers_flags_say(tmp_path: Path, phone: Pager) -> None:
    bounds = ("--silences.max-silences=1", "--silences.max-silence-size-bytes=100", "--data.retention=1h")
    with watchkeeper(tmp_path, ROUTE % phone.url, ALERTS, *bounds) as server:
        assert silence(server, "x" * 200) == (400, "silence exceeded maximum size: 209 bytes (limit: 100 bytes)")
        assert silence(server, "short")[0] == 200
        assert silence(server, "other") == (400, "exceeded maximum number of silences: 1 (limit: 1)")


def test_sections_for_others_are_named_in_the_log_and_a_missing_route_too(tmp_path: Path) -> None:
    config = 'scrape_configs: [{job_name: j, static_configs: [{targets: ["127.0.0.1:9"]}]}]'
    with watchkeeper(tmp_path, config, ALERTS) as server:
        assert "the role alerts leaves to other processes: scrape_configs" in server.log()
        assert "there is no route: alerts are taken, and nobody is told" in server.log()


def test_a_reload_needs_no_flag_as_in_alertmanager_and_does_not_take_the_route_away(server: Server) -> None:
    assert server.ask("/-/reload", "POST").status == 200
    assert server.ask("/-/quit", "POST").status == 403
    file = server.folder / "prometheus.yml"
    before = file.read_text()
    file.write_text("")
    refused = server.ask("/-/reload", "POST")
    file.write_text(before)
    assert (refused.status, '"route" is gone' in refused.text) == (500, True)
    assert server.ask("/-/reload", "POST").status == 200


def test_version_1_of_alertmanagers_api_is_gone(server: Server) -> None:
    assert [server.ask(f"/api/v1/{path}").status for path in ("alerts", "status", "silence/x", "query")] == [
        410,
        410,
        410,
        404,
    ]


def test_a_second_process_on_the_same_folder_is_refused(server: Server) -> None:
    for role in ("alerts", "all"):
        other = run("serve", f"--role={role}", f"--data={server.folder / 'data'}", "--listen=127.0.0.1:0", "--no-host")
        assert other.returncode == 1
        assert f"is in use by process {server.process.pid}" in other.stderr


def test_an_unknown_role_is_refused_with_those_there_are() -> None:
    wrong = run("serve", "--role=alert")
    assert wrong.returncode == 2
    assert "'all', 'alerts'" in wrong.stderr


def test_a_whole_house_sends_what_its_rules_find_to_it(server: Server, tmp_path: Path, phone: Pager) -> None:
    folder = tmp_path / "whole"
    folder.mkdir()
    (folder / "rules.yml").write_text("groups: [{name: g, interval: 1s, rules: [{alert: Ruled, expr: vector(1)}]}]")
    address = server.url.removeprefix("http://")
    config = f"rule_files: [rules.yml]\nalerting: {{alertmanagers: [{{static_configs: [{{targets: ['{address}']}}]}}]}}"
    with ExitStack() as stack:
        stack.enter_context(watchkeeper(folder, config))
        until(lambda: phone.states("Ruled") == ["firing"])
