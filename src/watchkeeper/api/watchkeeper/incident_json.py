"""Incidents, their timelines and runbooks as our API writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from watchkeeper.api.watchkeeper.history.entries import entry_json
from watchkeeper.base.instant import rfc3339
from watchkeeper.journal import Entry
from watchkeeper.oncall.incident import ROLES, Figures, Incident
from watchkeeper.oncall.runbook import Runbook, html_of


def incident_json(incident: Incident, external_url: str) -> dict[str, Any]:
    """What a list shows of an incident."""
    return {
        "id": incident.id,
        "url": f"{external_url}/incidents/{incident.id}",
        "title": incident.title,
        "status": incident.status.value,
        "severity": incident.severity,
        "service": incident.service,
        "team": incident.team,
        "assignee": incident.assignee,
        "roles": {role: getattr(incident, role) for role in ROLES},
        "summary": incident.summary,
        "impact": incident.impact,
        "labels": dict(incident.labels),
        "links": [{"url": link.url, "title": link.title} for link in incident.links],
        "alerts": [
            {
                "fingerprint": alert.fingerprint,
                "labels": dict(alert.labels),
                "startsAt": rfc3339(alert.starts_at),
                "endsAt": _time(alert.ends_at),
            }
            for alert in incident.alerts
        ],
        "ticket": incident.ticket.receiver if incident.ticket is not None else "",
        "runbook": incident.runbook,
        "actionItems": [
            {"text": item.text, "owner": item.owner, "done": item.done, "url": item.url}
            for item in incident.action_items
        ],
        "openedBy": incident.opened_by,
        "rule": incident.groups[0].rule if incident.groups else "",
        "resolveAutomatically": incident.automatic,
        "triggeredAt": rfc3339(incident.triggered_at),
        "acknowledgedAt": _time(incident.acknowledged_at),
        "mitigatedAt": _time(incident.mitigated_at),
        "resolvedAt": _time(incident.resolved_at),
        "mergedInto": incident.merged_into,
        "merged": list(incident.merged),
    }


def whole_json(
    incident: Incident, runbook: Runbook | None, entries: Sequence[Entry], external_url: str
) -> dict[str, Any]:
    """All of an incident: its runbook's steps and its timeline, too."""
    steps = steps_json(incident, runbook)
    return {
        **incident_json(incident, external_url),
        "runbookSteps": steps,
        "timeline": [entry_json(entry) for entry in entries],
    }


def steps_json(incident: Incident, runbook: Runbook | None) -> list[dict[str, Any]]:
    """The runbook's steps, and who has done them."""
    ticks = {tick.step: tick for tick in incident.ticks}
    steps = runbook.steps if runbook is not None else ()
    return [
        {
            "number": number,
            "text": step.text,
            "section": step.section,
            "done": step.text in ticks,
            "by": ticks[step.text].by if step.text in ticks else "",
            "at": _time(ticks[step.text].at) if step.text in ticks else None,
        }
        for number, step in enumerate(steps, 1)
    ]


def figures_json(figures: Figures) -> dict[str, Any]:
    """How long incidents took; null where nothing was measured."""
    return {
        "name": figures.name,
        "incidents": figures.incidents,
        "open": figures.open,
        "acknowledged": figures.acknowledged,
        "resolved": figures.resolved,
        "meanTimeToAcknowledgeSeconds": figures.mean_to_acknowledge_s,
        "medianTimeToAcknowledgeSeconds": figures.median_to_acknowledge_s,
        "meanTimeToResolveSeconds": figures.mean_to_resolve_s,
        "medianTimeToResolveSeconds": figures.median_to_resolve_s,
    }


def runbook_json(runbook: Runbook, *, whole: bool = False) -> dict[str, Any]:
    """A runbook; all of it has its text, too, as Markdown and as HTML that is safe to show."""
    text = {"markdown": runbook.body, "html": html_of(runbook.body)} if whole else {}
    return {
        "name": runbook.name,
        "title": runbook.title,
        "services": sorted(runbook.services),
        "severities": sorted(runbook.severities),
        "alerts": sorted(runbook.alerts),
        "steps": [
            {"number": number, "text": step.text, "section": step.section}
            for number, step in enumerate(runbook.steps, 1)
        ],
        **text,
    }


def _time(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)
