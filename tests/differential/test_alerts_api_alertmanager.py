"""Alertmanager's API v2: the same questions to the real one and to us, and Prometheus as a client of ours."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from alerts_beside import Answer, Side, both, needs_alertmanager
from prometheus_server import PROMETHEUS, prometheus
from watchkeeper_process import until

from watchkeeper.api.alertmanager.build import SPOKEN

pytestmark = needs_alertmanager

CONFIG = """
route:
  receiver: a
  group_by: [team]
  group_wait: 0s
  group_interval: 1s
  routes:
  - {match_re: {team: 'x|y'}, receiver: b, continue: true}
  - {matchers: ['team="x"'], receiver: a, mute_time_intervals: [ever]}
receivers:
- {name: a, webhook_configs: [{url: "http://127.0.0.1:PORT/a"}]}
- {name: b, labels: {owner: x, name: b}, webhook_configs: [{url: "http://127.0.0.1:PORT/b"}]}
time_intervals:
- {name: ever, time_intervals: [{times: [{start_time: '00:00', end_time: '24:00'}]}]}
inhibit_rules:
- {source_matchers: ['sev=crit'], target_matchers: ['sev=warn'], equal: [team]}
"""
NOW = datetime.now(UTC)


def at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat()


ALERTS = [
    {"labels": {"team": "x", "sev": "warn"}, "annotations": {"e": "", "k": "v"}, "generatorURL": "http://x/"},
    {"labels": {"team": "x", "sev": "crit", "utf.8": "ü", "empty": ""}, "startsAt": "2025-01-01T02:00:00.123Z"},
    {"labels": {"team": "z", "sev": "crit"}, "endsAt": "2099-01-01T02:00:00Z"},
    {"labels": {"team": "z"}, "startsAt": "2025-01-01T02:00:00", "endsAt": "2099-01-01"},
    {"labels": {"team": "over"}, "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2020-01-02T00:00:00Z"},
    {"labels": {"q": "1"}, "startsAt": "0001-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00.000Z", "more": 3},
]
SILENCE: dict[str, Any] = {
    "matchers": [{"name": "team", "value": "silent", "isRegex": False, "isEqual": True}],
    "startsAt": at(-10),
    "endsAt": at(600),
    "createdBy": "alice",
    "comment": "c",
}
INNER = {
    "alertmanager_alerts_per_alert_limit",
    "alertmanager_alerts_subscriber_channel_writes_total",
    "alertmanager_dispatcher_aggregation_group_creation_given_up_total",
    "alertmanager_dispatcher_aggregation_group_creation_retries_total",
    "alertmanager_dispatcher_aggregation_group_limit_reached_total",
    "alertmanager_dispatcher_alert_processing_duration_seconds",
}
NOBODY = "11111111-1111-1111-1111-111111111111"


def silent(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**SILENCE, **changes}.items() if value is not ...}


def matching(**parts: Any) -> dict[str, Any]:
    return silent(matchers=[{"name": "a", "value": "b", "isRegex": False, **parts}])


QUESTIONS: list[tuple[str, str, Any]] = [
    *(
        ("GET", f"/api/v2/alerts{query}", None)
        for query in (
            "",
            "?active=false",
            "?active=no",
            "?silenced=false&inhibited=false",
            "?unprocessed=false",
            "?inhibited=false",
            "?muted=false",
            "?filter=team%3D",
            "?filter=team%3D%22x%22&filter=sev%3Dwarn",
            "?filter=utf.8%3D%C3%BC",
            "?filter=%22utf.8%22%3D~%22.%22",
            "?filter=!!",
            "?filter=%7Bteam%3Dx%7D",
            "?filter=a%3D~%22%5B%22",
            "?receiver=b",
            "?receiver=a%7Cb",
            "?receiver=(",
            "?foo=1",
            "?muted=xyz&active=T",
            "?filter=team%3D%22x",
            "?filter=%22team%22%3Dx%2Csev!%3Dcrit",
            "/",
        )
    ),
    *(
        ("GET", f"/api/v2/alerts/groups{query}", None)
        for query in (
            "",
            "?muted=false",
            "?active=false",
            "?inhibited=false",
            "?filter=team%3Dz",
            "?receiver=b",
            "?filter=!!",
            "?receiver=(",
        )
    ),
    *(
        ("POST", "/api/v2/alerts", body)
        for body in (
            [],
            [{}],
            [{"labels": {}}],
            [{"labels": None}],
            [{"labels": {"a": ""}}],
            [{"labels": {"a": "b"}, "startsAt": "2020-01-02T00:00:00Z", "endsAt": "2020-01-01T00:00:00Z"}],
            [{"labels": {"": "b"}}],
            [{"labels": {"a": "b"}, "annotations": {"": "x"}}],
            [{"labels": {"a": ""}}, {"labels": {}}],
            [{"labels": {"a": "b"}, "startsAt": "bad"}],
            [{"labels": {"a": "b"}, "generatorURL": "::not a url"}],
            [{"labels": {"a": "b"}, "generatorURL": "http://x:port/"}],
            [{"labels": {"a": "b"}, "generatorURL": "http://x/%zz"}],
            [{"labels": {"a": None}}],
            b"{",
            b"",
            b"null",
        )
    ),
    *(
        ("GET", f"{path}?{query}", None)
        for path in ("/api/v2/receivers", "/api/v2/alerts", "/api/v2/alerts/groups")
        for query in (
            "receiver_matchers=owner%3Dx",
            "receiver_matchers=owner!%3Dx",
            "receiver_matchers=owner%3Dx&receiver=a",
            "receiver_matchers=name%3D~%22a%7Cb%22&receiver_matchers=owner%3D",
            "receiver_matchers=!!",
        )
    ),
    ("GET", "/api/v2/receivers", None),
    ("GET", "/api/v2/silences?filter=!!", None),
    ("GET", "/api/v2/silence/nope", None),
    ("GET", f"/api/v2/silence/{NOBODY}", None),
    ("DELETE", "/api/v2/silence/nope", None),
    ("DELETE", f"/api/v2/silence/{NOBODY}", None),
    *(
        ("POST", "/api/v2/silences", body)
        for body in (
            {},
            b"",
            b"{",
            silent(matchers=[]),
            silent(matchers=None),
            silent(endsAt=at(-5)),
            silent(startsAt=at(900)),
            silent(endsAt="x"),
            silent(comment=...),
            silent(startsAt=...),
            silent(id="nope"),
            silent(id=NOBODY),
            matching(value="(", isRegex=True),
            matching(value=".*", isRegex=True),
            matching(value=""),
            matching(name=""),
            matching(name=None),
            matching(value=None),
            matching(isRegex=None),
            matching(value="", isEqual=True),
            matching(value="a|", isRegex=True),
            matching(value="\\q", isRegex=True),
            silent(matchers=[{}]),
        )
    ),
    ("GET", "/api/v2/nope", None),
    ("POST", "/api/v1/alerts", []),
    ("GET", "/api/v1/status", None),
    ("GET", "/api/v1/receivers", None),
    ("POST", "/api/v1/silences", {}),
    ("DELETE", "/api/v1/silence/x", None),
    ("GET", "/api/v2/", None),
    ("GET", "/api/v2/receivers/", None),
    ("HEAD", "/api/v2/receivers", None),
    ("DELETE", "/api/v2/receivers", None),
    ("PUT", "/api/v2/status", {}),
]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    with both(tmp_path_factory.mktemp("api"), CONFIG) as pair:
        for side in pair:
            side.take(ALERTS, "/b")
            # That a time interval holds a group back is noted after how its alerts stand.
            until(lambda side=side: '"mutedBy": ["ever"]' in json.dumps(side.ask("GET", "/api/v2/alerts/groups").body))
        yield pair


def series(side: Side, name: str) -> list[str]:
    """The metrics whose names begin with a text, without what is measured."""
    page = side.ask("GET", "/metrics").body
    return [line for line in page.splitlines() if line.startswith(name)]


def test_what_alertmanagers_own_alerts_and_dashboards_ask_for_is_there(sides: tuple[Side, Side]) -> None:
    theirs, ours = sides
    for name in ("alertmanager_config_last_reload_successful", "alertmanager_cluster_enabled", "alertmanager_alerts{"):
        values = [[(x.split()[0], float(x.split()[1])) for x in series(side, name)] for side in sides]
        assert sorted(values[1]) == sorted(values[0]), name
    kinds = {line.split()[2] for line in series(theirs, "# TYPE alertmanager_")}
    missing = kinds - {line.split()[2] for line in series(ours, "# TYPE alertmanager_")}
    # What is left is about how it is made: its snapshots, indexes and gossip.
    assert not [
        name
        for name in missing
        if not name.startswith(("alertmanager_silences_", "alertmanager_nflog_", "alertmanager_http_"))
        and name not in INNER
    ]


def test_clients_that_look_at_versions_see_alertmanagers(sides: tuple[Side, Side]) -> None:
    theirs, ours = (side.ask("GET", "/api/v2/status").body["versionInfo"] for side in sides)
    assert ours.keys() == theirs.keys()
    assert ours["version"] == SPOKEN
    assert f'version="{SPOKEN}"' in series(sides[1], "alertmanager_build_info")[0]


def shown(answer: Answer) -> Answer:
    """The answer without the times that the server chose."""
    text = re.sub(r'"20[2-8]\d-(?!01-0[12]T0)[^"]*"', '"…"', json.dumps(answer.body))
    return Answer(answer.status, json.loads(text))


@pytest.mark.parametrize(("method", "path", "body"), QUESTIONS)
def test_we_answer_as_alertmanager_does(sides: tuple[Side, Side], method: str, path: str, body: Any) -> None:
    theirs, ours = (shown(side.ask(method, path, body)) for side in sides)
    assert ours == theirs


def test_a_body_that_is_not_json_is_refused_alike(sides: tuple[Side, Side]) -> None:
    theirs, ours = (side.ask("POST", "/api/v2/alerts", b"[]", "text/plain") for side in sides)
    assert ours == theirs


def life_of_a_silence(side: Side) -> list[Answer]:
    """What a silence answers while it is made, changed, replaced and ended; ids as numbers in order of appearance."""
    ids: list[str] = []

    def post(**changes: Any) -> Answer:
        answer = side.ask("POST", "/api/v2/silences", silent(**changes))
        ids.append(answer.body["silenceID"])
        return answer

    answers = [post()]
    first = side.ask("GET", f"/api/v2/silence/{ids[0]}")
    answers += [first, post(id=ids[0], startsAt=first.body["startsAt"], comment="longer", endsAt=at(900))]
    answers += [side.ask("GET", "/api/v2/silences?filter=team%3Dsilent")]
    other = [{"name": "team", "value": "si.*", "isRegex": True}]
    answers += [post(id=ids[0], matchers=other, annotations={"a": "b"}), post(startsAt=at(300), comment="later")]
    side.post([{"labels": {"team": "silent"}}])
    answers += [side.ask("GET", "/api/v2/alerts?filter=team%3Dsilent")]
    answers += [side.ask("GET", "/api/v2/alerts?filter=team%3Dsilent&silenced=false")]
    answers += [side.ask("DELETE", f"/api/v2/silence/{ids[2]}") for _ in range(2)]
    answers += [side.ask("GET", "/api/v2/alerts?filter=team%3Dsilent")]
    answers += [side.ask("DELETE", f"/api/v2/silence/{ids[3]}")]
    answers += [side.ask("GET", "/api/v2/silences")]
    text = json.dumps([[one.status, shown(one).body] for one in answers])
    for id in ids:
        text = text.replace(id, str(ids.index(id)))
    return json.loads(text)


def test_a_silence_lives_as_in_alertmanager(sides: tuple[Side, Side]) -> None:
    theirs, ours = (life_of_a_silence(side) for side in sides)
    assert ours == theirs


@pytest.mark.skipif(not Path(PROMETHEUS).exists(), reason="prometheus is missing: `make peers` unpacks it")
def test_a_real_prometheus_sends_to_us(sides: tuple[Side, Side], tmp_path: Path) -> None:
    _, ours = sides
    rule = {"alert": "FromPrometheus", "expr": "vector(1)", "labels": {"team": "prometheus"}}
    groups = {"groups": [{"name": "g", "interval": "1s", "rules": [rule]}]}
    (tmp_path / "rules.yml").write_text(json.dumps(groups))
    address = ours.url.removeprefix("http://")
    config = {
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [address]}]}]},
    }
    query = "/api/v2/alerts?filter=team%3Dprometheus"
    with prometheus(tmp_path, config, "--rules.alert.resend-delay=1s"):
        until(lambda: ours.ask("GET", query).body, "an alert from Prometheus")
    (alert,) = ours.ask("GET", query).body
    assert alert["labels"] == {"alertname": "FromPrometheus", "team": "prometheus"}
    assert alert["receivers"] == [{"name": "a"}]
