"""A story for programs and pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from watchkeeper.alerts import Explanation, Way
from watchkeeper.alerts.history import silence_details
from watchkeeper.alerts.inhibition import Inhibition
from watchkeeper.alerts.intervals import Hold
from watchkeeper.alerts.matchers import matchers_text
from watchkeeper.alerts.path import Step
from watchkeeper.api.watchkeeper.history.entries import entry_json
from watchkeeper.api.watchkeeper.history.sentences import held_back, inhibition_text, rule_text, summary, times_text
from watchkeeper.api.watchkeeper.history.story import Story
from watchkeeper.base.duration import format_duration
from watchkeeper.base.instant import rfc3339
from watchkeeper.notify import Outlook


def story_json(story: Story) -> dict[str, Any]:
    """Everything; times are RFC 3339 or null, durations are Prometheus'."""
    explanation = story.explanation
    return {
        "summary": summary(explanation, story.outlooks),
        "alert": _alert(explanation),
        "receivers": explanation.receivers,
        "routes": [_step(step) for step in explanation.steps],
        "silences": [silence_details(one) for one in explanation.silences],
        "inhibition": _inhibition(explanation.inhibition),
        "groups": [_way(explanation, *pair) for pair in zip(explanation.ways, story.outlooks, strict=True)],
        "history": [entry_json(entry) for entry in story.history],
    }


def _alert(explanation: Explanation) -> dict[str, Any]:
    alert = explanation.held
    shown: dict[str, Any] = {"fingerprint": explanation.fingerprint, "labels": dict(explanation.labels)}
    if alert is None:
        return {**shown, "state": "unknown"}
    state = "resolved" if alert.is_resolved(explanation.at) else "firing"
    times = {"startsAt": rfc3339(alert.starts_at), "endsAt": rfc3339(alert.ends_at)}
    return {**shown, "state": state, **times, "annotations": dict(alert.annotations)}


def _step(step: Step) -> dict[str, Any]:
    return {
        "depth": step.depth,
        "matchers": matchers_text(step.route.matchers),
        "receiver": step.route.options.receiver,
        "continue": step.route.continues,
        "verdict": step.verdict,
        "why": step.why,
    }


def _inhibition(inhibition: Inhibition | None) -> dict[str, Any] | None:
    if inhibition is None:
        return None
    source = inhibition.source
    return {
        "fingerprint": source.fingerprint,
        "labels": dict(source.alert.labels),
        "rule": rule_text(inhibition.rule),
        "why": inhibition_text(inhibition),
    }


def _way(explanation: Explanation, way: Way, known: Sequence[Outlook]) -> dict[str, Any]:
    options = way.route.options
    return {
        "receiver": options.receiver,
        "groupKey": way.flush.group_key,
        "groupLabels": dict(way.flush.group_labels),
        "exists": way.next_flush_at is not None,
        "nextFlushAt": _time(way.next_flush_at),
        "groupWait": format_duration(options.group_wait_ms),
        "groupInterval": format_duration(options.group_interval_ms),
        "repeatInterval": format_duration(options.repeat_interval_ms),
        "times": times_text(way),
        "heldBackBy": held_back(explanation, way),
        "timeIntervals": [_hold(hold) for hold in way.holds],
        "integrations": [_outlook(one) for one in known],
    }


def _hold(hold: Hold) -> dict[str, Any]:
    kind = "active" if hold.active else "mute"
    return {"name": hold.name, "kind": kind, "zones": hold.zones, "until": _time(hold.until)}


def _outlook(outlook: Outlook) -> dict[str, Any]:
    return {
        "name": outlook.integration,
        "knows": outlook.knows,
        "state": outlook.state,
        "changedAt": _time(outlook.changed_at),
        "toldAt": _time(outlook.told_at),
        "detail": outlook.detail,
        "next": outlook.next,
        "why": outlook.why,
    }


def _time(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)
