"""What receivers get from us beside what they get from the real Alertmanager, field by field."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.app.configuration import load_text
from watchkeeper.base.clock import SystemClock
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.notify import Notify
from watchkeeper.store.control import ControlDatabase

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "e2e")]

from alertmanager_process import ALERTMANAGER, alertmanager  # noqa: E402
from notify_receivers import DEFAULTS, EVERYTHING, Recording, Sent, recording  # noqa: E402

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(ALERTMANAGER).exists(), reason=f"{ALERTMANAGER}: `make peers` unpacks it"),
]

PATIENCE_S = 30.0
CONFIG = """
route: {receiver: "the.team", group_by: [alertname, team], group_wait: 500ms, group_interval: 1s, repeat_interval: 4h}
receivers:
- name: the.team
"""
GROUP_KEY = '{}:{alertname="Hot \\"x\\"", team="a"}'
SUMMARY = "too <hot> & \"bad\" 'é' 😀"


def receivers(text: str, url: str) -> str:
    return CONFIG + text.replace("@URL@", url)


def alerts(began: float, *, resolved: bool) -> list[dict[str, Any]]:
    def iso(at: float) -> str:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    return [
        {
            "labels": {"alertname": 'Hot "x"', "instance": f"h{i}", "severity": severity, "team": "a"},
            "annotations": {"summary": SUMMARY, "long": "long é " * 60, "which": str(i)},
            "startsAt": iso(began + i / 1000),
            "generatorURL": "http://p/graph?g0.expr=x&y=1",
            **({"endsAt": iso(time.time() - 0.1)} if resolved else {}),
        }
        for i, severity in enumerate(("warning", "critical", "info"))
    ]


def post(url: str, told: list[dict[str, Any]]) -> None:
    request = urllib.request.Request(f"{url}/api/v2/alerts", json.dumps(told).encode())
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=10).read()


def until_quiet(recorded: Recording, sender: str, expected: int) -> list[Sent]:
    """What a sender sends, once that is no less than expected and nothing more comes."""
    until, before = time.monotonic() + PATIENCE_S, -1
    while time.monotonic() < until:
        count = len(recorded.sent.get(sender, []))
        if count >= expected and count == before:
            return recorded.take(sender)
        before = count
        time.sleep(0.3)
    raise AssertionError(f"{sender} sends {[one.path for one in recorded.take(sender)]}")


def flush_of(sent: list[Sent]) -> tuple[Flush, str]:
    """The flush behind what a webhook got, and Alertmanager's own address."""
    told = next(json.loads(one.body) for one in sent if one.path == "probe")

    def ms(text: str) -> int:
        at = datetime.fromisoformat(text)
        return round(at.timestamp() * 1000) if at.year > 1 else 1 << 60

    flushed = tuple(
        Alert(Labels(a["labels"]), Labels(a["annotations"]), ms(a["startsAt"]), ms(a["endsAt"]), a["generatorURL"])
        for a in told["alerts"]
    )
    now = SystemClock().now_ms()
    flush = Flush(
        receiver="the.team",
        group_key=told["groupKey"],
        group_labels=Labels(told["groupLabels"]),
        alerts=flushed,
        repeat_interval_ms=4 * 3_600_000,
        at=now,
        deadline=now + 10_000,
    )
    return flush, told["externalURL"]


def comparable(sent: list[Sent]) -> dict[str, list[Any]]:
    """Requests by path; bodies as values."""
    by_path: dict[str, list[Any]] = {}
    for one in sent:
        try:
            body: Any = json.loads(one.body)
        except ValueError:
            body = sorted(parse_qsl(one.body, keep_blank_values=True))
        headers = {name: value.removesuffix("; charset=utf-8") for name, value in one.headers.items()}
        if one.method == "GET":
            headers.clear()
        by_path.setdefault(f"{one.method} {one.path}", []).append((headers, body))
    return by_path


@pytest.mark.parametrize("text", [DEFAULTS, EVERYTHING], ids=["defaults", "everything set"])
async def test_receivers_get_from_us_what_they_get_from_alertmanager(text: str, tmp_path: Path) -> None:
    with recording() as recorded, alertmanager(tmp_path, receivers(text, f"{recorded.url}/theirs")) as url:
        began = time.time() - 0.3
        notify, control = None, ControlDatabase.at("sqlite://")
        for resolved in (False, True):
            post(url, alerts(began, resolved=resolved))
            theirs = until_quiet(recorded, "theirs", 16)
            flush, external_url = flush_of(theirs)
            if notify is None:
                notify = Notify(control, SystemClock(), CollectorRegistry(), external_url=external_url)
                await notify.open()
                ours = load_text(receivers(text, f"{recorded.url}/ours"), "alertmanager.yml", {})
                await notify.apply(notify.prepare(ours.notify))
            assert await notify.notify(flush)
            expected, got = comparable(theirs), comparable(recorded.take("ours"))
            assert got.keys() == expected.keys()
            assert {path: got[path] for path in got if got[path] != expected[path]} == {
                path: expected[path] for path in got if got[path] != expected[path]
            }
        assert notify is not None
        await notify.close()
        await control.close()
