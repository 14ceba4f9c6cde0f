"""What was is looked at: rules tried over days of data, and the quality of alerts from the journal.

On a data folder, on a running server, and over its API.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))

from pager import Pager, pager
from watchkeeper_process import until

from journals import open_journal
from watchkeeper.journal import Entry, Kind
from watchkeeper.oncall.quality.keeping import Done, ReviewKeeping
from watchkeeper.oncall.scalars import DAYS
from watchkeeper.store.control import ControlDatabase
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
    asyncio.run(journal(folder / "data"))
    return folder


async def journal(data: Path) -> None:
    """A journal in the data folder that knows of six firings of a minute each that nobody cared for."""
    control = ControlDatabase.at(f"sqlite:///{data / 'control.db'}")
    entries = await open_journal(control)
    now = int(time.time() * 1000)
    for i in range(6, 0, -1):
        at = now - i * 600_000
        labels = {"alertname": "DiskFull", "team": "storage", "severity": "warning"}
        details = {"labels": labels, "startsAt": at, "endsAt": at + 60_000}
        entries.record(
            Entry(Kind.ALERT_FIRED, at, "DiskFull fires", alerts=("a" * 16,), details=details),
            Entry(Kind.NOTIFICATION_SENT, at, "chat was told", alerts=("a" * 16,), receiver="chat"),
            Entry(Kind.ALERT_RESOLVED, at + 60_000, "DiskFull ended", alerts=("a" * 16,), details=details),
        )
    await entries.close()
    reviews = ReviewKeeping(control)
    await reviews.open()
    await reviews.put(Done(f"{DAYS[two_days_ago().weekday()]} 00:00 UTC", 0))
    await control.close()


def two_days_ago() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC) - timedelta(days=2)


def backtest(folder: Path, *flags: str) -> Any:
    command = ("rules", "backtest", str(folder / "rules.yml"), "--data", str(folder / "data"), "--since", "47h")
    return run(*command, *flags, timeout_s=300)


@pytest.fixture(scope="module")
def beside(folder: Path) -> str:
    """What the command says while no server runs."""
    assert "DiskFull" in quality(folder, "review")
    done = backtest(folder, "--target", "1/week", "--time-zone", "Europe/Berlin")
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Pager]:
    with pager() as made:
        yield made


@pytest.fixture(scope="module")
def server(folder: Path, beside: str, mailbox: Pager) -> Iterator[Server]:
    config = f"""
global: {{external_labels: {{cluster: north}}}}
quality: {{review_receiver: chat, review_at: "{two_days_ago():%a} 00:00"}}
route: {{receiver: chat}}
receivers: [{{name: chat, webhook_configs: [{{url: "{mailbox.url}"}}]}}]
"""
    with watchkeeper(folder, config) as running:
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
    assert 'an interval of "0s" never ends' in refused({"rules": RULES, "interval": "0s"})
    assert "a limit of 0 or more" in refused({"rules": RULES, "limit": -1})
    assert "belongs to the tenant north" in refused({"rules": RULES.replace("- name:", "- tenant: north\n  name:")})
    assert "object missing required field `rules`" in refused({}).lower()


def test_a_backtest_makes_no_data_folder(folder: Path, tmp_path: Path) -> None:
    done = run("rules", "backtest", str(folder / "rules.yml"), "--data", str(tmp_path / "typo"))
    assert (done.returncode, (tmp_path / "typo").exists()) == (1, False)
    assert "there is no data folder" in done.stderr


def test_a_backtest_writes_nothing(server: Server) -> None:
    assert server.get("/api/v1/query", query='{__name__=~"disk:used:avg|ALERTS"}').data["result"] == []


def test_the_openapi_document_describes_backtests(server: Server) -> None:
    document = server.get("/api/watchkeeper/v1/openapi.json").json
    assert "post" in document["paths"]["/rules/backtest"]
    assert "get" in document["paths"]["/quality/review"]


def quality(folder: Path, *arguments: str) -> str:
    done = run("quality", *arguments, "--data", str(folder / "data"))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_quality_of_alerts_is_told_by_the_server_and_without_one(server: Server, folder: Path) -> None:
    columns = quality(folder).splitlines()[1].split()
    assert columns[:5] == ["DiskFull", "6", "6.0", "1m", "1m"]
    figures = server.get("/api/watchkeeper/v1/quality", by="team").data["figures"]
    assert [(one["name"], one["fired"], one["notifications"]) for one in figures] == [("storage", 6, 6)]
    assert quality(folder, "--format", "csv").splitlines()[1].startswith("DiskFull,6,0,6.0,60.0,60.0,0,")
    page = server.get("/api/watchkeeper/v1/quality/review", format="markdown")
    assert page.headers["content-type"] == "text/markdown; charset=utf-8"
    line = "- **DiskFull** fired 6 times, and nobody ever acted: raise the threshold, or delete it."
    assert line in page.text
    assert line in quality(folder, "review")


def test_a_server_that_starts_after_the_end_of_the_week_sends_its_review(server: Server, mailbox: Pager) -> None:
    until(lambda: mailbox.states("AlertQualityReview"), "the weekly review")
    (alert,) = mailbox.told[0]["alerts"]
    assert alert["annotations"]["summary"].startswith("Alerts from ")
    assert alert["generatorURL"].startswith(server.url + "/api/watchkeeper/v1/quality/review?since=")


def test_without_a_server_the_database_of_several_is_not_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "w.yml").write_text("control: {url: 'postgresql://alice:hush@db.example.org/w'}\n")
    done = run("quality", "--data", str(tmp_path), "--config", str(tmp_path / "w.yml"))
    assert done.returncode == 1
    assert "the journal is in the database that control.url names, which only a server reads" in done.stderr
    assert "hush" not in done.stderr


def test_a_wrong_question_about_quality_is_refused(server: Server) -> None:
    answer = server.get("/api/watchkeeper/v1/quality", by="person")
    assert answer.status == 400
    assert "rule or team would be right" in answer.json["error"]
    assert "known" in server.get("/api/watchkeeper/v1/quality", sinc="7d").json["error"]
