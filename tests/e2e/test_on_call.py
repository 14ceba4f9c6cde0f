"""From an alert to the person who is on call, to the next one, and to an acknowledgement; over kill -9."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hearing import hearing

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))

from watchkeeper_process import Watchkeeper, until

from watchkeeper.cli import main

CONFIG = """
people:
- name: alice
  display_name: Alice
  contacts:
  - name: push
    ntfy_configs:
    - {url: "http://127.0.0.1:%(port)d", topic: alice, title: "{{ .Status }} {{ .GroupLabels.alertname }}"}
- name: bob
  contacts: [{name: hook, webhook_configs: [{url: "http://127.0.0.1:%(port)d/bob"}]}]
- name: carol
  contacts: [{name: hook, webhook_configs: [{url: "http://127.0.0.1:%(port)d/carol"}]}]
teams: [{name: web, members: [alice, bob], lead: carol}]
schedules:
- {name: primary, time_zone: Europe/Berlin, layers: [{rotation: weekly, start: 2025-01-06, people: [alice]}]}
- {name: pair, layers: [{rotation: daily, start: 2025-01-01, people: [alice, bob]}]}
escalation_policies:
- name: p1
  steps:
  - notify: [schedule:primary]
  - {notify: [person:bob], after: 2s}
  - {notify: [lead-of:web], after: 2s}
route: {receiver: on-call, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: on-call, escalation_configs: [{policy: p1}]}]
"""


@dataclass
class People:
    """What each person was told: the state, and the alert's name."""

    told: list[tuple[str, str, str]] = field(default_factory=list)
    port: int = 0

    def of(self, name: str) -> list[tuple[str, str]]:
        """Who was told of an alert, in order."""
        return [(who, state) for who, state, alert in self.told if alert == name]


@pytest.fixture(scope="module")
def people() -> Iterator[People]:
    made = People()

    def take(path: str, text: bytes) -> None:
        body = json.loads(text)
        if "topic" in body:
            state, alert = body["title"].split()
            made.told.append((body["topic"], state, alert))
        else:
            made.told.append((path[1:], body["status"], body["groupLabels"]["alertname"]))

    with hearing(take) as made.port:
        yield made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, people: People) -> Iterator[Watchkeeper]:
    folder = tmp_path_factory.mktemp("oncall")
    (folder / "watchkeeper.yml").write_text(CONFIG % {"port": people.port})
    with Watchkeeper(folder, "--web.enable-lifecycle", config=folder / "watchkeeper.yml") as running:
        yield running


def post(server: Watchkeeper, path: str, body: object) -> Any:
    answer = server.post(path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    assert answer.status == 200, answer.text
    return answer.json if answer.body else None


def own(path: str) -> str:
    return f"/api/watchkeeper/v1{path}"


def fire(server: Watchkeeper, name: str, lasts_s: float = 3600) -> None:
    ends_at = (datetime.now(UTC) + timedelta(seconds=lasts_s)).isoformat()
    post(server, "/api/v2/alerts", [{"labels": {"alertname": name, "severity": "critical"}, "endsAt": ends_at}])


def escalation(server: Watchkeeper, name: str) -> dict[str, Any]:
    found = [one for one in server.get(own("/escalations")).json["data"] if one["group_labels"] == {"alertname": name}]
    return found[0] if found else {}


def test_the_second_is_told_when_nobody_acknowledges_and_the_third_is_not_once_somebody_has(
    server: Watchkeeper, people: People
) -> None:
    fire(server, "Climbs")
    until(lambda: len(people.of("Climbs")) == 2, "the second level")
    assert people.of("Climbs") == [("alice", "firing"), ("bob", "firing")]
    acknowledged = post(server, own(f"/escalations/{escalation(server, 'Climbs')['id']}/acknowledge"), {"actor": "bob"})
    assert acknowledged["data"]["state"] == "acknowledged"
    fire(server, "Overtakes")
    until(lambda: len(people.of("Overtakes")) == 3, "the third level of another one")
    assert len(people.of("Climbs")) == 2
    printed = CliRunner().invoke(main, ["journal", "--url", server.url, "--kind", "escalation.begun"]).output
    assert 'Escalation by policy p1 begins (group {}:{alertname="Climbs"})' in printed
    fire(server, "Climbs", lasts_s=-0.001)
    until(lambda: len(people.of("Climbs")) == 4, "the end")
    assert sorted(people.of("Climbs")[2:]) == [("alice", "resolved"), ("bob", "resolved")]
    assert escalation(server, "Climbs") == {}


def test_an_escalation_goes_on_after_kill_9(server: Watchkeeper, people: People) -> None:
    fire(server, "Survives")
    until(lambda: people.of("Survives"), "the first level")
    until(lambda: escalation(server, "Survives")["told"] == ["person/alice/push"], "the record of it")
    server.kill()
    server.start()
    until(lambda: ("carol", "firing") in people.of("Survives"), "the last level")
    # A page whose record was cut off by the kill is made again, and nobody is passed over.
    assert list(dict.fromkeys(people.of("Survives"))) == [("alice", "firing"), ("bob", "firing"), ("carol", "firing")]
    assert escalation(server, "Survives")["state"] == "exhausted"
    id = escalation(server, "Survives")["id"]
    assert post(server, own(f"/escalations/{id}/resolve"), {"actor": "bob"})["data"]["state"] == "resolved"
    ended = {(name, "resolved") for name in ("alice", "bob", "carol")}
    until(lambda: ended <= set(people.of("Survives")), "the end")


def test_an_override_changes_who_is_told_and_is_seen_everywhere(server: Watchkeeper, people: People) -> None:
    now = datetime.now(UTC)
    body = {
        "person": "carol",
        "start": (now - timedelta(hours=1)).isoformat(),
        "end": (now + timedelta(hours=1)).isoformat(),
        "created_by": "alice",
    }
    made = post(server, own("/schedules/primary/overrides"), body)["data"]
    today, _ = server.get(own("/oncall")).json["data"]["schedules"]
    assert today["people"] == [{"name": "carol", "display_name": "carol"}]
    shown = server.get(own("/schedules/primary")).json["data"]
    assert [shift["people"] for shift in shown["shifts"]] == [["carol"], ["alice"]]
    assert shown["gaps"] == []
    fire(server, "Overridden")
    until(lambda: people.of("Overridden"), "the first level")
    assert people.of("Overridden")[0] == ("carol", "firing")
    server.kill()
    server.start()
    path = own(f"/schedules/primary/overrides/{made['id']}")
    assert server.request("DELETE", path).status == 200
    assert server.request("DELETE", path).status == 404
    assert server.get(own("/oncall")).json["data"]["schedules"][0]["people"][0]["name"] == "alice"


def test_a_swap_makes_both_overrides_or_none_and_is_told_once(server: Watchkeeper) -> None:
    day = datetime.now(UTC) + timedelta(days=40)
    times = {
        "a_start": day.isoformat(),
        "a_end": (day + timedelta(days=1)).isoformat(),
        "b_start": (day + timedelta(days=1)).isoformat(),
        "b_end": (day + timedelta(days=2)).isoformat(),
    }
    wrong = {"a": "alice", "b": "brob", "by": "alice", **times}
    answer = server.post(own("/schedules/pair/swaps"), json.dumps(wrong).encode(), {})
    assert (answer.status, 'there is no person "brob"' in answer.json["error"]) == (400, True)
    before = server.get(own("/schedules/pair")).json["data"]["overrides"]
    made = post(server, own("/schedules/pair/swaps"), {**wrong, "b": "bob"})["data"]
    assert [(one["person"], one["replaces"]) for one in made] == [("bob", "alice"), ("alice", "bob")]
    after = server.get(own("/schedules/pair")).json["data"]["overrides"]
    assert [one for one in after if one not in before] == made
    entries = server.get(own("/journal?kind=schedule.changed")).json["data"]["entries"]
    told = [one for one in entries if "swap" in one["text"]]
    assert [(one["actor"], one["details"]["overrides"]) for one in told] == [("alice", [one["id"] for one in made])]
    for one in made:
        assert server.request("DELETE", own(f"/schedules/pair/overrides/{one['id']}")).status == 200


def test_a_calendar_needs_the_link_that_we_signed(server: Watchkeeper) -> None:
    link = server.get(own("/schedules/primary")).json["data"]["calendar_url"].removeprefix(server.url)
    calendar = server.get(link)
    assert calendar.headers["Content-Type"].startswith("text/calendar")
    assert "SUMMARY:Alice" in calendar.text
    assert server.get(link[:-1]).status == 403
    assert server.get(link.replace("primary.ics", "other.ics")).status == 403


def test_the_command_line_asks_a_running_server(server: Watchkeeper) -> None:
    who = CliRunner().invoke(main, ["oncall", "who", "--url", server.url, "--schedule", "primary"])
    assert (who.output, who.exit_code) == ("primary: alice (Alice)\n", 0)
    missing = CliRunner().invoke(main, ["oncall", "schedule", "primry", "--url", server.url])
    assert (missing.exit_code, 'did you mean "primary"?' in missing.output) == (2, True)


def test_a_person_is_tested_by_each_contact(server: Watchkeeper, people: People) -> None:
    answer = post(server, own("/people/bob/test"), {})["data"]
    assert answer == [{"contact": "hook", "integration": "webhook[0]", "sent": True, "error": ""}]
    assert people.of("WatchkeeperTest") == [("bob", "firing")]
    missing = server.post(own("/people/bobb/test"), b"", {})
    assert missing.status == 404
    assert 'did you mean "bob"?' in missing.json["error"]


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/schedules/primary/overrides", {"person": "x", "start": "1", "end": "2"}, 400, 'there is no person "x"'),
        ("/schedules/primary/overrides", {"person": "bob", "start": "3", "end": "2"}, 400, "later than start"),
        ("/schedules/primary/overrides", {"person": "bob", "start": "1", "end": "2"}, 400, "which is over"),
        (
            "/schedules/primary/overrides",
            {"person": "bob", "start": "1", "end": "9999-12-31T23:00:00Z"},
            400,
            "right would be a year from 1970 to 2999",
        ),
        ("/schedules/nope/overrides", {"person": "bob", "start": "1", "end": "2"}, 404, "there are pair, primary"),
        ("/schedules/primary/overrides", {"person": "bob", "start": "now", "end": "2"}, 400, "is no instant"),
        ("/schedules/primary/overrides", {"who": "bob"}, 400, "`who`: right would be person, start, end"),
        ("/schedules/primry/overrides", {"person": "bob", "start": "1", "end": "2"}, 404, 'did you mean "primary"?'),
        ("/escalations/x/resolve", {}, 404, 'there is no escalation "x"'),
    ],
)
def test_what_cannot_be_is_refused(server: Watchkeeper, path: str, body: object, status: int, said: str) -> None:
    answer = server.post(own(path), json.dumps(body).encode(), {})
    assert answer.status == status
    assert said in answer.json["error"]


def test_a_window_beyond_what_calendars_know_is_refused(server: Watchkeeper) -> None:
    answer = server.get(own("/schedules/primary?since=9999-12-31T00:00:00Z"))
    assert answer.status == 400
    assert answer.json["error"].endswith("is too far from now: right would be a year from 1970 to 2999")


def test_an_escalation_ends_with_its_group_when_a_reload_takes_it_away(server: Watchkeeper, people: People) -> None:
    fire(server, "Moves")
    until(lambda: ("alice", "firing") in people.of("Moves"), "the first level")
    config = server.log_path.parent / "watchkeeper.yml"
    before = config.read_text()
    config.write_text(before.replace("group_by: [alertname]", "group_by: [alertname, severity]"))
    assert server.post("/-/reload").status == 200
    until(lambda: not escalation(server, "Moves"), "the end of the one whose group is gone")
    moved = {"alertname": "Moves", "severity": "critical"}
    live = server.get(own("/escalations")).json["data"]
    assert [one["group_labels"] for one in live if one["group_labels"]["alertname"] == "Moves"] == [moved]
    assert ("alice", "resolved") not in people.of("Moves")
    entries = server.get(own("/journal"), kind="escalation.ended").json["data"]["entries"]
    assert any("routes have changed" in entry["text"] for entry in entries)
    fire(server, "Moves", lasts_s=-0.001)
    until(lambda: ("alice", "resolved") in people.of("Moves"), "the end")
    config.write_text(before)
    assert server.post("/-/reload").status == 200
