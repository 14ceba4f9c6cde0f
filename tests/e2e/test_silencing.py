"""Our own API about alerts: recurring silences from a file and made there, and what severities mean."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))

from watchkeeper_process import Answer, Watchkeeper

CONFIG = """
route: {receiver: nobody}
receivers: [{name: nobody}]
severities: {preset: p1_p4, levels: [{name: p5, color: grey}]}
business_hours: {time_zone: Europe/Berlin, from: "08:00", to: "18:00"}
recurring_silences:
- {name: always, matchers: ['team="file"'], cron: "0 0 * * *", duration: 23h, created_by: alice, comment: c}
"""
OWN = "/api/watchkeeper/v1/recurring-silences"
MADE = {"name": "made", "matchers": ['team=~"api|x"'], "rrule": "FREQ=DAILY", "start": "2026-01-01T00:00"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watchkeeper]:
    folder = tmp_path_factory.mktemp("silencing")
    (folder / "watchkeeper.yml").write_text(CONFIG)
    with Watchkeeper(folder, config=folder / "watchkeeper.yml") as running:
        yield running


def ask(server: Watchkeeper, method: str, path: str, body: object = None) -> Answer:
    text = b"" if body is None else json.dumps(body).encode()
    return server.request(method, path, body=text, headers={"Content-Type": "application/json"})


def planned(server: Watchkeeper, name: str) -> list[dict[str, Any]]:
    silences = server.get("/api/v2/silences").json
    return [one for one in silences if one.get("annotations", {}).get("recurring_silence") == name]


def test_an_occurrence_is_a_silence_in_alertmanagers_api(server: Watchkeeper) -> None:
    occurrences = server.get(f"{OWN}/always/occurrences", limit="2").json["data"]
    assert [datetime.fromisoformat(one["startsAt"]).hour for one in occurrences] == [0, 0]
    silences = {one["id"]: one for one in planned(server, "always")}
    assert set(silences) <= {one["silence"] for one in occurrences}
    first = silences[occurrences[0]["silence"]]
    assert (first["endsAt"], first["createdBy"]) == (occurrences[0]["endsAt"], "alice")
    assert server.get(f"/api/v2/silence/{first['id']}").json == first


def test_one_is_made_changed_and_deleted_over_the_api(server: Watchkeeper) -> None:
    made = ask(server, "POST", OWN, {**MADE, "duration": "24h"})
    assert made.json["data"] == {**MADE, "duration": "1d", "time_zone": "UTC", "source": "api"}
    assert {one["status"]["state"] for one in planned(server, "made")} == {"active", "pending"}
    assert ask(server, "POST", OWN, {**MADE, "duration": "24h"}).status == 409
    assert ask(server, "PUT", f"{OWN}/made", {**MADE, "duration": "24h", "comment": "c"}).status == 200
    assert [one["name"] for one in server.get(OWN).json["data"]] == ["always", "made"]
    assert server.get(OWN, headers={"X-Scope-OrgID": "bob"}).json["data"] == []
    assert ask(server, "DELETE", f"{OWN}/made").status == 204
    assert {one["status"]["state"] for one in planned(server, "made")} == {"expired"}
    assert server.get(f"{OWN}/made").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("DELETE", "/always", None, 409, 'the recurring silence "always" comes from a file: it is changed there'),
        ("PUT", "/always", {**MADE, "name": "other"}, 400, 'name: "other" is not the "always" of the path'),
        (
            "PUT",
            "/always",
            {**MADE, "name": "always", "duration": "1h"},
            409,
            'the recurring silence "always" comes from a file',
        ),
        ("PUT", "/none", {**MADE, "duration": "1h"}, 404, 'there is no recurring silence "none"'),
        ("POST", "", {**MADE, "duration": "48h"}, 400, "it begins again after 1d, before its 2d are over"),
        ("POST", "", {**MADE, "duration": "1h", "matchers": 7, "corn": ""}, 400, "matchers: should be a list"),
        ("POST", "", MADE, 400, '"duration" is missing: how long'),
        (
            "POST",
            "",
            {"name": "n", "matchers": ["a=b"], "ical_file": "/x"},
            400,
            "calendars are named in configuration files only",
        ),
        ("POST", "", [], 400, "should be a mapping"),
        ("GET", "/always/occurrences?limit=0", None, 400, '"0" is no number from 1 to 100'),
    ],
)
def test_what_cannot_be_done_is_refused(
    server: Watchkeeper, method: str, path: str, body: object, status: int, error: str
) -> None:
    answer = ask(server, method, OWN + path, body)
    assert answer.status == status, answer.text
    assert error in answer.json["error"]


def test_severities_are_those_of_the_configuration(server: Watchkeeper) -> None:
    data = server.get("/api/watchkeeper/v1/severities").json["data"]
    assert [(one["name"], one["respond_within"], one["hours"]) for one in data["levels"]] == [
        ("p1", "15m", "always"),
        ("p2", "30m", "always"),
        ("p3", "2h", "business"),
        ("p4", "next_business_day", "business"),
        ("p5", None, "always"),
    ]
    assert data["business_hours"] == {
        "time_zone": "Europe/Berlin",
        "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "from": "08:00",
        "to": "18:00",
    }
