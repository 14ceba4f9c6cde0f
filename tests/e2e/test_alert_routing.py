"""From a rule, and from the API, to a webhook without another Alertmanager; over a reload and kill -9."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hearing import hearing

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))

from watchkeeper_process import PROGRAM, Watchkeeper, until

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
    slow: str = ""
    """A team whose notifications are answered once `answers` is set."""
    answers: threading.Event = field(default_factory=threading.Event)

    def of(self, team: str) -> list[tuple[str, list[str]]]:
        """Of one team: the state of each notification, and its alerts."""
        mine = [one for one in self.told if one["groupLabels"]["team"] == team]
        return [(one["status"], [alert["labels"]["alertname"] for alert in one["alerts"]]) for one in mine]


@pytest.fixture(scope="module")
def pager() -> Iterator[Pager]:
    made = Pager()

    def take(_path: str, body: bytes) -> None:
        made.told.append(json.loads(body))
        if made.told[-1]["groupLabels"]["team"] == made.slow:
            made.answers.wait(60)

    with hearing(take) as made.port:
        yield made


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


def journal(server: Watchkeeper, **conditions: str) -> list[dict[str, Any]]:
    """Oldest first."""
    answer = server.get("/api/watchkeeper/v1/journal", **conditions)
    assert answer.status == 200, answer.text
    return list(reversed(answer.json["data"]["entries"]))


def kinds(server: Watchkeeper, **conditions: str) -> list[str]:
    return [entry["kind"] for entry in journal(server, **conditions)]


def explained(server: Watchkeeper, **labels: str) -> dict[str, Any]:
    return post(server, "/api/watchkeeper/v1/routes/test", {"labels": labels})["data"]


def command(server: Watchkeeper, *arguments: str) -> str:
    """What a command prints that finds the server by its data folder."""
    asked = [PROGRAM, *arguments, "--data", str(server.data)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_history_explains_each_step_of_an_alert(server: Watchkeeper, pager: Pager) -> None:
    labels = {"alertname": "Full", "team": "story"}
    assert explained(server, **labels)["alert"]["state"] == "unknown"
    fire(server, "Full", "story")
    found = until(lambda: (told := explained(server, **labels))["groups"][0]["integrations"][0]["toldAt"] and told)
    fingerprint = found["alert"]["fingerprint"]
    assert found["receivers"] == ["page"]
    assert "it knows all that there is to say" in found["summary"]
    now = datetime.now(UTC)
    silence = {
        "matchers": [{"name": "team", "value": "story", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "bob",
        "comment": "the disk is being replaced",
    }
    id = post(server, "/api/v2/silences", silence)["silenceID"]
    until(lambda: "alert.muted" in kinds(server, alert=fingerprint), "the silence")
    text = server.get(f"/api/watchkeeper/v1/alerts/{fingerprint}/why", headers={"Accept": "text/plain"}).text
    assert f'held back: the silence {id} of bob "the disk is being replaced" lasts until' in text
    assert server.request("DELETE", f"/api/v2/silence/{id}").status == 200
    until(lambda: "alert.unmuted" in kinds(server, alert=fingerprint), "the silence's end")
    fire(server, "Full", "story", lasts_s=-0.001)
    until(lambda: pager.of("story")[-1][0] == "resolved", "the end")
    until(lambda: kinds(server, alert=fingerprint).count("notification.sent") == 2, "the last entry")
    assert kinds(server, alert=fingerprint) == [
        "alert.fired",
        "notification.sent",
        "alert.muted",
        "alert.unmuted",
        "alert.resolved",
        "notification.sent",
    ]
    assert [one["text"].partition(" ")[0] for one in journal(server, kind="silence", actor="bob")] == ["bob"]
    assert "200 OK" in journal(server, alert=fingerprint, kind="notification")[0]["text"]


def test_the_command_line_tells_the_same(server: Watchkeeper) -> None:
    assert "taken: {} to page" in command(server, "why", "alertname=Full", "team=story")
    printed = command(server, "journal", "--alert", "alertname=Full,team=story", "--kind", "notification")
    assert [line.split()[1] for line in printed.splitlines()] == ["notification.sent"] * 2
    exported = command(server, "journal", "--text", 'team="story"', "--format", "ndjson")
    assert [json.loads(line)["kind"] for line in exported.splitlines()][-1] == "alert.fired"
    rows = list(csv.DictReader(io.StringIO(command(server, "journal", "--receiver", "page", "--format", "csv"))))
    assert {row["integration"] for row in rows} == {"webhook[0]", ""}


def test_a_notification_cut_off_by_kill_9_is_unknown(server: Watchkeeper, pager: Pager) -> None:
    pager.slow = "cut"
    fire(server, "A", "cut")
    until(lambda: pager.of("cut"), "the notification")
    server.kill()
    pager.slow = ""
    pager.answers.set()
    server.start()
    (unknown,) = journal(server, kind="notification.unknown")
    assert unknown["alerts"] == [explained(server, alertname="A", team="cut")["alert"]["fingerprint"]]
    assert "it may have been told twice or once" in unknown["text"]
    until(lambda: len(pager.of("cut")) == 2, "the repetition")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("journal?kind=nothing", "alert.fired"),
        ("journal?alert=xyz", "16 hexadecimal digits"),
        ("journal?since=yesterday", "24h"),
        ("journal?since=1h&until=2h", '"2h" is not after since'),
        ("journal?limit=0", "1 to 1000"),
        ("journal?reciever=a", "receiver"),
        ("journal/export?format=xml", "ndjson, csv"),
        ("alerts/xyz/why", "16 hexadecimal digits"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused_with_what_would_be_right(
    server: Watchkeeper, path: str, names: str
) -> None:
    answer = server.get(f"/api/watchkeeper/v1/{path}")
    assert answer.status == 400
    assert names in answer.json["error"]


def test_a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has(server: Watchkeeper) -> None:
    answer = server.post("/api/watchkeeper/v1/recurring-silences/night", b"{}")
    assert (answer.status, answer.headers["Allow"]) == (405, "DELETE, GET, HEAD, PUT")
    assert "right would be DELETE, GET, HEAD, PUT" in answer.json["error"]
    assert "right would be POST" in server.get("/api/watchkeeper/v1/routes/test").json["error"]


def test_labels_without_a_name_are_not_tested(server: Watchkeeper) -> None:
    answer = server.post("/api/watchkeeper/v1/routes/test", b'{"labels": {"": "x"}}')
    assert (answer.status, "a label has no name" in answer.json["error"]) == (400, True)


def test_an_alert_that_nobody_knows_is_not_found(server: Watchkeeper) -> None:
    assert server.get(f"/api/watchkeeper/v1/alerts/{'0' * 16}/why").status == 404


def test_tenants_do_not_see_each_others_history(server: Watchkeeper) -> None:
    assert server.get("/api/watchkeeper/v1/journal", headers={"X-Scope-OrgID": "other"}).json["data"]["entries"] == []


def test_a_reload_routes_anew_and_a_bad_file_changes_nothing(server: Watchkeeper, pager: Pager) -> None:
    assert server.process is not None
    config = Path(server.log_path.parent / "alertmanager.yml")
    config.write_text((ALERTMANAGER % pager.port).replace("receiver: page", "receiver: nobody"))
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "there is no receiver" in server.log(), "the complaint")
    fire(server, "A", "after")
    until(lambda: pager.of("after"), "the notification")
    (refused,) = until(lambda: journal(server, kind="configuration.refused"), "the entry")
    assert "there is no receiver" in refused["text"]
    config.write_text("")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "nobody would be told of any alert" in server.log(), "the complaint about an empty file")
    config.write_text((ALERTMANAGER % pager.port).replace("group_by: [team]", "group_by: [team, alertname]"))
    server.process.send_signal(signal.SIGHUP)
    until(lambda: server.log().count("the configuration has been read again"), "the reload")
    fire(server, "B", "after")
    until(lambda: ("firing", ["B"]) in pager.of("after"), "the notification of the new group")
    assert "by a reload" in journal(server, kind="configuration.loaded")[-1]["text"]
