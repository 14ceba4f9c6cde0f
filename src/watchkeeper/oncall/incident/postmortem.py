"""The document that is left of an incident, as Markdown: what it was, what happened, and what is to be done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from watchkeeper.base.duration import format_duration
from watchkeeper.base.instant import instant_text
from watchkeeper.journal import Entry, Kind
from watchkeeper.oncall.incident.changing import alert_text
from watchkeeper.oncall.incident.incident import ROLES, Incident
from watchkeeper.oncall.incident.statistics import Figures
from watchkeeper.oncall.runbook import Runbook

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#])")
_OPEN = "still open"


def postmortem(
    incident: Incident, entries: Sequence[Entry], runbook: Runbook | None, service: Figures | None, now: int
) -> str:
    """The document. `service` has the times of all incidents of its service, for comparison."""
    parts = [
        [f"# {incident.id}: {_text(incident.title)}", "", *_facts(incident, now)],
        ["## Summary", "", incident.summary.strip() or "_Nobody has written a summary yet._"],
        ["## Impact", "", incident.impact.strip() or "_Nobody has described the impact yet._"],
        ["## Roles", "", *_roles(incident)],
        ["## Times", "", *_times(incident, service)],
        ["## Timeline", "", *_timeline(entries)],
        *_section("## Alerts", _alerts(incident)),
        *_section("## Runbook", _runbook(incident, runbook)),
        *_section("## Links", [f"- {_link(link.title or link.url, link.url)}" for link in incident.links]),
        ["## Action items", "", *(_action_items(incident) or ["_None yet._"])],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _section(heading: str, lines: Sequence[str]) -> list[list[str]]:
    return [[heading, "", *lines]] if lines else []


def _facts(incident: Incident, now: int) -> Iterator[str]:
    end = _OPEN if incident.resolved_at is None else instant_text(incident.resolved_at)
    lasted = max((incident.resolved_at or now) - incident.triggered_at, 0)
    facts = (
        ("Status", incident.status.value),
        ("Severity", incident.severity),
        ("Service", incident.service),
        ("Team", incident.team),
        ("Began", instant_text(incident.triggered_at)),
        ("Ended", end),
        ("Lasted", format_duration(lasted // 1000 * 1000)),
        ("Part of", incident.merged_into),
        ("Includes", ", ".join(incident.merged)),
    )
    return (f"- **{name}:** {_text(value)}" for name, value in facts if value)


def _roles(incident: Incident) -> list[str]:
    roles = [(role.capitalize(), getattr(incident, role)) for role in ROLES]
    held = [("Assignee", incident.assignee), ("Opened by", incident.opened_by), *roles]
    return [f"- **{name}:** {_text(who)}" for name, who in held if who] or ["_Nobody had a role._"]


def _times(incident: Incident, service: Figures | None) -> Iterator[str]:
    yield f"- **To acknowledge:** {_span(incident, incident.acknowledged_at)}"
    yield f"- **To mitigate:** {_span(incident, incident.mitigated_at)}"
    yield f"- **To resolve:** {_span(incident, incident.resolved_at)}"
    if service is not None and incident.service:
        acknowledge, resolve = _mean(service.mean_to_acknowledge_s), _mean(service.mean_to_resolve_s)
        yield (
            f"- **{_text(incident.service)} in 90 days:** {service.incidents} incidents, "
            f"mean time to acknowledge {acknowledge}, to resolve {resolve}"
        )


def _span(incident: Incident, at: int | None) -> str:
    return "not" if at is None else format_duration(max(at - incident.triggered_at, 0) // 1000 * 1000)


def _mean(seconds: float | None) -> str:
    return "unknown" if seconds is None else format_duration(round(seconds) * 1000)


def _timeline(entries: Sequence[Entry]) -> list[str]:
    return ["| When | What | Who |", "|---|---|---|", *map(_row, entries)]


def _row(entry: Entry) -> str:
    text = f"Note: {_text(entry.text)}" if entry.kind is Kind.INCIDENT_NOTE else _text(entry.text)
    return f"| {instant_text(entry.at)} | {text} | {_text(entry.actor)} |"


def _alerts(incident: Incident) -> list[str]:
    rows = [
        f"| {_text(alert_text(alert.labels))} | {instant_text(alert.starts_at)} "
        f"| {'fires' if alert.ends_at is None else instant_text(alert.ends_at)} |"
        for alert in incident.alerts
    ]
    return ["| Alert | Began | Ended |", "|---|---|---|", *rows] if rows else []


def _runbook(incident: Incident, runbook: Runbook | None) -> list[str]:
    ticks = {tick.step: tick for tick in incident.ticks}
    steps = [step.text for step in runbook.steps] if runbook is not None else []
    others = [step for step in ticks if step not in steps]
    if not incident.runbook:
        return []
    title = runbook.title if runbook is not None else incident.runbook
    done = (f" ({_text(ticks[step].by)}, {instant_text(ticks[step].at)})" if step in ticks else "" for step in steps)
    lines = [f"- [{'x' if step in ticks else ' '}] {step}{who}" for step, who in zip(steps, done, strict=True)]
    past = [f"- [x] {step} ({_text(ticks[step].by)}, {instant_text(ticks[step].at)})" for step in others]
    return [_text(title), "", *lines, *past]


def _action_items(incident: Incident) -> list[str]:
    return [
        f"- [{'x' if item.done else ' '}] {_link(item.text, item.url)}{f' ({_text(item.owner)})' if item.owner else ''}"
        for item in incident.action_items
    ]


def _link(text: str, url: str) -> str:
    return f"[{_text(text)}](<{url}>)" if url else _text(text)


def _text(text: str) -> str:
    """Text in one line in which nothing is Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
