"""What Alertmanager takes and refuses that nobody would expect: texts that are no texts, odd times, filters."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from alerts_beside import Side, both, needs_alertmanager
from watchkeeper_process import until

pytestmark = needs_alertmanager

CONFIG = "{route: {receiver: nobody, group_wait: 1h}, receivers: [{name: nobody}]}"
NOW = datetime.now(UTC)
LIMIT_METRICS = ("alertmanager_alerts_limited_total", "alertmanager_alerts_per_alert_limit")
ALERTS, SILENCES = "/api/v2/alerts", "/api/v2/silences"
OPS = {"=": (True, False), "!=": (False, False), "=~": (True, True), "!~": (False, True)}
TIMES = [
    "2025-01-02T00:00:00.123456789Z",
    "2025-01-02T00:00:00+02:00",
    "2025-01-02T00:00:00+0200",
    "2025-01-02T00:00:00.123+0100",
    "2025-01-02 00:00:00Z",
    "2025-01-02 00:00:00",
    "2025-01-02T00:00Z",
    "2025-01-02T00:00",
    "2025-01-02",
    "2025-01-02t00:00:00z",
    "2025-01-02T00:00:00,5Z",
    "2025-01-02T24:00:00Z",
    "2025-02-30T00:00:00Z",
    "20250102",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    " ",
]
TAKEN: list[tuple[str, Any]] = [
    (ALERTS, [{"labels": {"taken": "1", "none": None}, "annotations": {"a": None}}]),
    (ALERTS, [{"labels": {"taken": "2"}, "generatorURL": "http:"}]),
    (ALERTS, b'[{"labels": {"taken": "3", "not unicode": "\xff"}}]'),
    (ALERTS, b'[{"labels": {"taken": "4", "half": "\\ud800"}}] and more'),
    (ALERTS, [{"labels": {"taken": "5"}, "startsAt": ""}]),
]


def silence(*matchers: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    """A silence that begins now and lasts for an hour."""
    made = [
        {"name": name, "value": value, "isEqual": OPS[op][0], "isRegex": OPS[op][1]} for name, op, value in matchers
    ]
    times = {"startsAt": NOW.isoformat(), "endsAt": (NOW + timedelta(hours=1)).isoformat()}
    return {"matchers": made, **times, "createdBy": "alice", "comment": "c", **changes}


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    with both(tmp_path_factory.mktemp("corners"), CONFIG) as pair:
        yield pair


def taken(side: Side) -> list[dict[str, Any]]:
    """The alerts that were taken, without what the server chose."""
    listed = side.ask("GET", ALERTS + "?filter=taken!%3D%22%22").body
    kept = ("labels", "annotations", "generatorURL", "fingerprint")
    return [{**{name: one.get(name) for name in kept}, "old": one["startsAt"][:10] < "2020"} for one in listed]


def test_what_alertmanager_takes_is_taken(sides: tuple[Side, Side]) -> None:
    for path, body in TAKEN:
        assert [side.ask("POST", path, body).status for side in sides] == [200, 200], body
    until(lambda: all(len(taken(side)) == len(TAKEN) for side in sides), "the alerts")
    theirs, ours = (taken(side) for side in sides)
    assert ours == theirs


@pytest.mark.parametrize("text", TIMES)
def test_the_same_times_are_understood(sides: tuple[Side, Side], text: str) -> None:
    theirs, ours = (side.ask("POST", ALERTS, [{"labels": {"time": text}, "startsAt": text}]) for side in sides)
    assert ours.status == theirs.status
    bodies = [silence(("time", "=", text), startsAt=text), silence(("time", "=", text), endsAt=text)]
    for body in bodies:
        theirs, ours = (side.ask("POST", SILENCES, body) for side in sides)
        assert (ours.status, type(ours.body)) == (theirs.status, type(theirs.body)), body


@pytest.mark.parametrize(
    "body",
    [
        silence(("quiet", "!=", "x"), id=None),
        silence(("quiet", "!~", ".+")),
        silence(("quiet", "=~", ".*")),
        silence(("quiet", "=", "x"), annotations={"a": None}),
        silence(("quiet", "=", "x"), annotations={"a": 1}),
        silence(("quiet", "=", "x"), comment=""),
        silence(("quiet", "=", "x"), createdBy=""),
        silence(("quiet", "=", "x"), ("quiet", "=", "")),
    ],
)
def test_the_same_silences_are_possible(sides: tuple[Side, Side], body: dict[str, Any]) -> None:
    theirs, ours = (side.ask("POST", SILENCES, body) for side in sides)
    assert ours.status == theirs.status


def test_a_filter_of_silences_is_one_of_their_matchers(sides: tuple[Side, Side]) -> None:
    for op, value in (("=", "x"), ("!=", "x"), ("=~", "x"), ("!~", "x"), ("=~", "x.*"), ("=", "y")):
        for side in sides:
            assert side.ask("POST", SILENCES, silence(("f", op, value))).status == 200
    for question in ("f=x", "f!=x", "f=~x", "f!~x", "f=~.*", "f=~x.*", 'f="x.*"', "f=y", 'f=""', 'g=""', "g!=a"):
        path = f"{SILENCES}?filter={quote(question)}"
        theirs, ours = (sorted(str(one["matchers"]) for one in side.ask("GET", path).body) for side in sides)
        assert ours == theirs, question


def test_whoever_does_not_take_json_is_told_so(sides: tuple[Side, Side]) -> None:
    for accepted in ("text/html", "application/*", "text/html, */*;q=0.5", "application/xml"):
        theirs, ours = (side.ask("GET", "/api/v2/receivers", accept=accepted) for side in sides)
        assert ours == theirs, accepted


def metrics(side: Side) -> set[str]:
    """What a side says of the limit by name."""
    lines = side.ask("GET", "/metrics").body.splitlines()
    return {line.replace(".0", "") for line in lines if line.startswith(LIMIT_METRICS)}


def names(side: Side) -> list[tuple[str, str]]:
    return sorted((one["labels"].get("alertname", ""), one["labels"]["i"]) for one in side.ask("GET", ALERTS).body)


def test_of_one_name_as_many_alerts_fire_at_once(tmp_path: Path) -> None:
    def alert(name: str, i: int, **more: Any) -> dict[str, Any]:
        return {"labels": {"alertname": name, "i": str(i)}, **more}

    over = {"startsAt": (NOW - timedelta(hours=2)).isoformat(), "endsAt": (NOW - timedelta(hours=1)).isoformat()}
    steps = [
        [alert("A", 1), alert("A", 2), alert("A", 3), alert("B", 1)],
        [alert("A", 1, annotations={"said": "again"})],
        [alert("A", 3, **over)],
        [alert("A", 1, endsAt=NOW.isoformat())],
        [alert("A", 3)],
        [alert("A", 1)],
        [alert("", 1), alert("", 2), alert("", 3)],
        [{"labels": {"": ""}}, alert("A", 4), alert("A", 2)],
    ]
    with both(tmp_path, CONFIG, "--alerts.per-alertname-limit=2") as (theirs, ours):
        for step in steps:
            answers = [side.ask("POST", ALERTS, step).status for side in (theirs, ours)]
            assert answers[0] == answers[1], step
            assert names(ours) == names(theirs), step
        assert metrics(ours) == metrics(theirs)


def test_nothing_that_is_said_of_alerts_may_be_kept_by_a_cache(sides: tuple[Side, Side]) -> None:
    for path in ("/api/v2/alerts", "/api/v2/silences", "/api/v2/status"):
        theirs, ours = (urllib.request.urlopen(side.url + path).headers["Cache-Control"] for side in sides)
        assert ours == theirs
