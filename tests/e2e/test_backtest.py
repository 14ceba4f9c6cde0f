"""A rule is tried over a week of data: on a data folder, on a running server, and over its API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from watchkeeper_server import Server, run, watchkeeper

RULES = """\
groups:
- name: disks
  rules:
  - record: disk:used:avg
    expr: avg_over_time(disk_used[10m])
  - alert: DiskFull
    expr: disk:used:avg > 0.9
    for: 10m
    labels: {severity: page}
    annotations:
      summary: "{{ $labels.disk }} of {{ $externalLabels.cluster }} is {{ $value | humanizePercentage }} full"
"""


def history() -> str:
    """A disk that is full for an hour in each six, for two days up to now."""
    now = int(time.time()) // 60 * 60
    lines = ["# TYPE disk_used gauge"]
    for age in range(48 * 60, 0, -1):
        at = now - age * 60
        lines.append(f'disk_used{{disk="sda"}} {0.95 if 120 <= age % 360 < 180 else 0.4} {at}')
    return "\n".join([*lines, "# EOF\n"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the history, and the rules beside it."""
    folder = tmp_path_factory.mktemp("backtest")
    (folder / "history.om").write_text(history())
    (folder / "rules.yml").write_text(RULES)
    done = run("import", "openmetrics", str(folder / "history.om"), "--data", str(folder / "data"), timeout_s=300)
    assert done.returncode == 0, done.stderr
    return folder


def backtest(folder: Path, *flags: str) -> Any:
    command = ("rules", "backtest", str(folder / "rules.yml"), "--data", str(folder / "data"), "--since", "47h")
    return run(*command, *flags, timeout_s=300)


@pytest.fixture(scope="module")
def beside(folder: Path) -> str:
    """What the command says while no server runs."""
    done = backtest(folder, "--target", "1/week", "--time-zone", "Europe/Berlin")
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def server(folder: Path, beside: str) -> Iterator[Server]:
    with watchkeeper(folder, "global: {external_labels: {cluster: north}}\n") as running:
        yield running


def test_the_command_lists_the_firings_and_suggests_a_threshold(beside: str) -> None:
    assert "DiskFull (group disks): it would have fired 8 times" in beside
    assert "disk:used:avg > 0.9" in beside
    assert '{disk="sda", severity="page"}' in beside
    assert "threshold: at > 0.95 it would never have fired in 1d23h (wanted: 1/week)" in beside


def test_a_running_server_answers_the_command_with_its_own_labels(server: Server, folder: Path) -> None:
    done = backtest(folder, "--format", "json", "--limit", "2")
    assert done.returncode == 0, done.stderr
    (rule,) = json.loads(done.stdout)["rules"]
    assert rule["totals"]["firings"] == 8
    assert len(rule["firings"]) == 2
    assert rule["leftOut"] == 6
    assert rule["firings"][0]["annotations"] == {"summary": "sda of north is 95% full"}


def test_the_api_says_what_is_wrong_with_an_order(server: Server) -> None:
    def refused(order: dict[str, Any]) -> str:
        answer = server.ask("/api/watchkeeper/v1/rules/backtest", "POST", json.dumps(order).encode())
        assert answer.status == 400, answer.text
        return str(answer.json["error"])

    assert 'unknown key "rool"' in refused({"rules": RULES, "rool": "DiskFull"})
    assert "there is no alerting rule Disk: there is DiskFull" in refused({"rules": RULES, "rule": ["Disk"]})
    assert "rules.yml:7:11: " in refused({"rules": RULES.replace("> 0.9", "> > 0.9")})
    assert '"last week" is no instant' in refused({"rules": RULES, "since": "last week"})
    assert 'no time zone "Nowhere"' in refused({"rules": RULES, "time_zone": "Nowhere"})
    assert "belongs to the tenant north" in refused({"rules": RULES.replace("- name:", "- tenant: north\n  name:")})
    assert "object missing required field `rules`" in refused({}).lower()


def test_a_backtest_writes_nothing(server: Server) -> None:
    assert server.get("/api/v1/query", query='{__name__=~"disk:used:avg|ALERTS"}').data["result"] == []


def test_the_openapi_document_describes_backtests(server: Server) -> None:
    document = server.get("/api/watchkeeper/v1/openapi.json").json
    assert "post" in document["paths"]["/rules/backtest"]
