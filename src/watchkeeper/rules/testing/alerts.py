"""Alerts that fire, held against those that a test expects."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.base.duration import format_duration
from watchkeeper.model.labels import Labels
from watchkeeper.rules.alert_state import AlertState
from watchkeeper.rules.alerting import ALERT_NAME
from watchkeeper.rules.status import GroupStatus
from watchkeeper.rules.testing.file import AlertTest
from watchkeeper.rules.testing.texts import braced, indented

_DEEP = " " * 12


def alert_problems(test: AlertTest, name: str, groups: Sequence[GroupStatus]) -> list[str]:
    """What is not as expected, or nothing. Alerts of one name may come from several groups."""
    got = sorted(
        (alert.labels, alert.annotations)
        for group in groups
        for rule in group.rules
        if rule.is_alerting and rule.rule.name == test.alertname
        for alert in rule.alerts
        if alert.state is AlertState.FIRING
    )
    expected = sorted(
        (Labels({**alert.exp_labels, ALERT_NAME: test.alertname}), Labels(alert.exp_annotations))
        for alert in test.exp_alerts
    )
    if got == expected:
        return []
    head = f"    name: {name},\n" if name else ""
    at = format_duration(test.eval_time_ms)
    return [
        f"{head}    alertname: {test.alertname}, time: {at}, \n"
        f"        exp:{_shown(expected)}, \n        got:{_shown(got)}"
    ]


def _shown(alerts: Sequence[tuple[Labels, Labels]]) -> str:
    if not alerts:
        return "[]"
    items = [
        f"{i}:\n  Labels:{braced(labels)}\n  Annotations:{braced(annotations)}"
        for i, (labels, annotations) in enumerate(alerts)
    ]
    return indented("[\n" + ",\n".join(items) + "\n]", _DEEP)
