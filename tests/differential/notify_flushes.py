"""Alerts for the real Alertmanager, and the flush behind what it tells its receivers of them."""

from __future__ import annotations

import json
import time
import urllib.request
from datetime import UTC, datetime
from typing import Any

from notify_receivers import Recording, Sent

from watchkeeper.base.clock import SystemClock
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush

PATIENCE_S = 30.0
SUMMARY = "too <hot> & \"bad\" 'é' 😀"


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
