"""The same alerts to the real Alertmanager and to us: the same notifications, the same answers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from alerts_beside import Side, both, needs_alertmanager, normal

pytestmark = needs_alertmanager

CONFIG = """
global: {resolve_timeout: 4s}
route:
  receiver: rest
  group_by: [team]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
  routes:
  - {receiver: plain, match: {scene: plain}}
  - {receiver: old, matchers: [scene=old]}
  - {receiver: repeated, match_re: {scene: repeat|again}, repeat_interval: 3s}
  - {receiver: first, matchers: ['{scene="both"}'], continue: true}
  - {receiver: second, matchers: ['scene=~"bo.*"', 'team!=z']}
  - {receiver: short, match: {scene: short}}
  - {receiver: quiet, match: {scene: quiet}}
  - {receiver: single, match: {scene: single}, group_by: ['...']}
  - {receiver: refusing, match: {scene: refused}}
  - {receiver: muted, match: {scene: muted}, mute_time_intervals: [always]}
  - {receiver: inactive, match: {scene: inactive}, active_time_intervals: [never]}
  - {receiver: awake, match: {scene: awake}, active_time_intervals: [never, always], mute_time_intervals: [never]}
  - receiver: outer
    match: {scene: nested}
    group_by: [team, kind]
    routes:
    - {receiver: inner, matchers: ['"a label"="a value"', 'kind="x,y"']}
    - {match: {kind: own}, group_by: [kind]}
  - {receiver: many, match: {scene: order}, group_by: []}
receivers:
- {name: rest, webhook_configs: [{url: "http://127.0.0.1:PORT/rest"}]}
- {name: plain, webhook_configs: [{url: "http://127.0.0.1:PORT/plain"}]}
- {name: old, webhook_configs: [{url: "http://127.0.0.1:PORT/old"}]}
- {name: repeated, webhook_configs: [{url: "http://127.0.0.1:PORT/repeated"}]}
- {name: first, webhook_configs: [{url: "http://127.0.0.1:PORT/first"}]}
- {name: second, webhook_configs: [{url: "http://127.0.0.1:PORT/second"}, {url: "http://127.0.0.1:PORT/third"}]}
- {name: short, webhook_configs: [{url: "http://127.0.0.1:PORT/short", max_alerts: 2}]}
- {name: quiet, webhook_configs: [{url: "http://127.0.0.1:PORT/quiet", send_resolved: false}]}
- {name: single, webhook_configs: [{url: "http://127.0.0.1:PORT/single"}]}
- {name: refusing, webhook_configs: [{url: "http://127.0.0.1:PORT/refusing/one"}]}
- {name: muted, webhook_configs: [{url: "http://127.0.0.1:PORT/muted"}]}
- {name: inactive, webhook_configs: [{url: "http://127.0.0.1:PORT/inactive"}]}
- {name: awake, webhook_configs: [{url: "http://127.0.0.1:PORT/awake"}]}
- {name: outer, webhook_configs: [{url: "http://127.0.0.1:PORT/outer"}]}
- {name: inner, webhook_configs: [{url: "http://127.0.0.1:PORT/inner"}]}
- {name: many, webhook_configs: [{url: "http://127.0.0.1:PORT/many"}]}
- {name: nobody}
inhibit_rules:
- {source_match: {severity: critical}, target_match_re: {severity: warning|info}, equal: [scene, team]}
- {source_matchers: [kind=~"both|source"], target_matchers: [kind=~"both|target"], equal: [scene, absent]}
time_intervals:
- {name: always, time_intervals: [{years: ['2000:2999']}]}
mute_time_intervals:
- {name: never, time_intervals: [{years: ['1999']}, {times: []}]}
"""
NOW = datetime.now(UTC)
FAR = (NOW + timedelta(days=1)).isoformat()
Action = Callable[[Side], None]


def alert(scene: str, name: str = "A", ends_at: str | None = FAR, **labels: str) -> dict[str, Any]:
    made = {"labels": {"alertname": name, "scene": scene, **labels}, "annotations": {"about": name}}
    return made if ends_at is None else {**made, "endsAt": ends_at}


def fire(*alerts: dict[str, Any]) -> Action:
    return lambda side: side.post(alerts)


def resolve(*alerts: dict[str, Any]) -> Action:
    return lambda side: side.post([{**one, "endsAt": datetime.now(UTC).isoformat()} for one in alerts])


def silence(name: str, **labels: str) -> Action:
    def act(side: Side) -> None:
        matchers = [{"name": n, "value": v, "isRegex": False, "isEqual": True} for n, v in labels.items()]
        body = {
            "matchers": matchers,
            "startsAt": NOW.isoformat(),
            "endsAt": FAR,
            "createdBy": "alice",
            "comment": name,
        }
        side.ids[name] = side.ask("POST", "/api/v2/silences", body).body["silenceID"]

    return act


def expire(name: str) -> Action:
    return lambda side: _done(side.ask("DELETE", f"/api/v2/silence/{side.ids[name]}").status)


def _done(status: int) -> None:
    assert status == 200


A, B, C = (alert("plain", name, team="x") for name in "ABC")
OLD = {"startsAt": "2020-01-02T03:04:05.678Z"}
# Groups are looked at 1, 3, 5 … seconds after their first alert: what happens here keeps away from those instants.
TIMELINE: list[tuple[float, Action]] = [
    (0.0, fire(A, B, alert("plain", team="y"), alert("plain"))),
    (0.0, fire({**alert("old", times="given"), **OLD})),
    (0.3, fire({**alert("old", "B", times="given"), **OLD})),
    (0.0, fire(alert("repeat"), alert("again"))),
    (0.0, fire(alert("both", team="x"), alert("both", team="z"))),
    (0.0, fire(*(alert("short", name) for name in "CAB"))),
    (0.0, fire(alert("quiet"), alert("quiet", "B"))),
    (0.0, fire(alert("single"), alert("single", "B"))),
    (0.0, fire(alert("refused"), alert("refused", "B"))),
    (0.0, fire(alert("muted"), alert("inactive"), alert("awake"))),
    (0.0, fire(alert("nested", kind="x,y", **{"a label": "a value"}), alert("nested", kind="own", team="q"))),
    (0.0, fire(alert("nested", kind="k", team="q"), alert("nested", team="q"))),
    (
        0.0,
        fire(
            alert("order", job="b", instance="2"),
            alert("order", job="b", instance="10"),
            alert("order", job="a"),
            alert("order", instance="1"),
            alert("order", z="1"),
            alert("order", a="1", b="2"),
            alert("order", a="2"),
            alert("order"),
        ),
    ),
    (0.0, fire(alert("inhibited", severity="warning", team="x"), alert("inhibited", severity="critical", team="x"))),
    (0.0, fire(alert("inhibited", severity="info", team="y"), alert("inhibited", "B", severity="warning", team="x"))),
    (0.0, fire(alert("sides", kind="both"), alert("sides", "B", kind="both"), alert("sides", kind="target"))),
    (0.0, fire(alert("sidesagain", kind="both", team="s"), alert("sidesagain", kind="source", team="s"))),
    (0.0, silence("still", scene="silent", team="x")),
    (0.0, fire(alert("silent", team="x"), alert("silent", team="y"))),
    (0.0, fire(alert("late", team="l"), alert("timeout", ends_at=None, team="t"))),
    (1.6, fire(C)),
    (1.6, silence("later", scene="late")),
    (1.6, resolve(alert("quiet"), alert("refused"))),
    (1.6, fire({**alert("old", "C", times="given"), "startsAt": "2020-01-02T03:04:05.678Z"})),
    (2.0, resolve(alert("late", team="l"))),
    (3.6, resolve(A, alert("short"), alert("single"))),
    (3.6, resolve(alert("inhibited", severity="critical", team="x"))),
    (3.6, expire("still")),
    (4.0, expire("later")),
    (5.6, resolve(B, C)),
    (5.6, resolve(alert("quiet", "B"), alert("repeat"))),
    (5.6, fire(alert("inhibited", "N", severity="critical", team="x"))),
    (5.6, fire(alert("late", team="l"))),
    (7.6, fire(A)),
    (7.6, resolve(alert("both", team="x"), alert("awake"))),
]
LAST_S = 10.0
Told = dict[str, dict[str, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    with both(tmp_path_factory.mktemp("alerts"), CONFIG) as pair:
        yield pair


@pytest.fixture(scope="module")
def told(sides: tuple[Side, Side]) -> tuple[Told, Told]:
    """What each told over the whole timeline: by path, then by group, in order."""
    began = time.monotonic()
    for at_s, act in sorted(TIMELINE, key=lambda step: step[0]):
        time.sleep(max(0.0, began + at_s - time.monotonic()))
        for side in sides:
            act(side)
    time.sleep(max(0.0, began + LAST_S - time.monotonic()))
    return _by_group(sides[0]), _by_group(sides[1])


def _by_group(side: Side) -> Told:
    return {
        path: {
            key: [normal(payload) for payload in payloads if payload["groupKey"] == key]
            for key in sorted({payload["groupKey"] for payload in payloads})
        }
        for path, payloads in sorted(side.heard.told.items())
    }


def test_the_same_receivers_are_told(told: tuple[Told, Told]) -> None:
    theirs, ours = told
    assert sorted(ours) == sorted(theirs)
    assert len(theirs) == 15


@pytest.mark.parametrize(
    "path",
    [
        "/plain",
        "/old",
        "/repeated",
        "/first",
        "/second",
        "/third",
        "/short",
        "/quiet",
        "/single",
        "/refusing/one",
        "/awake",
        "/outer",
        "/inner",
        "/many",
        "/rest",
    ],
)
def test_each_group_is_told_the_same(told: tuple[Told, Told], path: str) -> None:
    theirs, ours = told
    assert ours.get(path) == theirs.get(path)


def test_what_held_alerts_back_is_counted_by_the_same_names(told: tuple[Told, Told], sides: tuple[Side, Side]) -> None:
    theirs, ours = ({line.rpartition(" ")[0] for line in suppressed(side)} for side in sides)
    assert ours == theirs
    assert len(theirs) == 4


def suppressed(side: Side) -> list[str]:
    page = side.ask("GET", "/metrics").body
    return [line for line in page.splitlines() if line.startswith("alertmanager_notifications_suppressed_total{")]
